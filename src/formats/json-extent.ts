/** How much structure a JSON text has, found out without building any of it: a short text can make millions of values. */

export interface JsonExtent {
  readonly valuesMax: number;
  readonly depthMax: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openings = new Set([0x5b, 0x7b]);
const closings = new Set([0x5d, 0x7d]);

/** Whether it stays within these limits, if it is JSON at all. */
export function isWithinExtent(text: Uint8Array, { valuesMax, depthMax }: JsonExtent): boolean {
  let values = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0;
    if (byte === quote) at = endOfString(text, at);
    else if (byte === comma) values += 1;
    else if (openings.has(byte)) {
      values += 1;
      depth += 1;
    } else if (closings.has(byte)) depth -= 1;
    if (values > valuesMax || depth > depthMax) return false;
  }
  return true;
}

/** Where its last quote is; past the end where there is none. */
function endOfString(text: Uint8Array, from: number): number {
  let at = text.indexOf(quote, from + 1);
  while (at >= 0 && isEscaped(text, at)) at = text.indexOf(quote, at + 1);
  return at < 0 ? text.length : at;
}

function isEscaped(text: Uint8Array, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === backslash) slashes += 1;
  return slashes % 2 === 1;
}
