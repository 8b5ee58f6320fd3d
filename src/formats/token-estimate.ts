/** How many tokens something will be, before a server has counted it. */

/** On the high side: code and other languages have fewer characters a token than English. */
const charsPerToken = 3;
const imageTokens = 3_000;

/** Tokens of anything that goes over the wire. */
export function estimateTokens(value: object): number {
  let images = 0;
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key !== "data") return inner;
    images += 1;
    return "";
  });
  return Math.ceil(text.length / charsPerToken) + images * imageTokens;
}
