/** How many tokens something will be, before a server has counted it. */

/** On the high side: code has fewer characters a token than English. */
const charsPerToken = 3;
/** Other scripts have about two tokens a letter, and two bytes more than ASCII. */
const tokensPerFurtherByte = 0.75;
const imageTokens = 3_000;

/** What a caller may fill as he likes: nothing in there is a picture, whatever it says. */
const freeForms = new Set(["input", "input_schema"]);

/** Tokens of anything that goes over the wire. */
export function estimateTokens(value: object): number {
  let images = 0;
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (freeForms.has(key)) return JSON.stringify(inner);
    if (!isPicture(inner)) return inner;
    images += 1;
    return null;
  });
  const further = Buffer.byteLength(text) - text.length;
  return Math.ceil(text.length / charsPerToken + further * tokensPerFurtherByte) + images * imageTokens;
}

/** One that is sent along. */
const isPicture = (value: unknown): boolean =>
  isFields(value) && value["type"] === "image" && isFields(value["source"]) && "data" in value["source"];

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
