/** One line of plain text ↔ Markdown that shows exactly that text, and that a formatter leaves as it is. */

/** Short code in single backticks stays code; outside of it nothing has a meaning. */
export function escapeMarkdown(line: string): string {
  const pieces = line.split(codePattern);
  // `split` puts what the pattern captured at the odd places.
  const escaped = pieces.map((piece, index) => (index % 2 === 1 ? piece : escapePiece(piece)));
  return escapeStart(escaped.join(""));
}

export function unescapeMarkdown(markdown: string): string {
  return markdown.replaceAll(
    /(?<code>`[^`]*`)|\\(?<mark>[!-/:-@[-`{-~])/g,
    (whole, code?: string, mark?: string) => (code === undefined ? (mark ?? whole) : code),
  );
}

const codePattern = /(?<!`)(`[^`\s](?:[^`]*[^`\s])?`)(?!`)/;

function escapePiece(piece: string): string {
  return piece
    .replaceAll(/[\\`*<[\]|~]/g, String.raw`\$&`)
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replaceAll(/&(?=#?\w+;)/g, String.raw`\&`);
}

/** What begins a heading, a list, a quotation or a rule. */
function escapeStart(line: string): string {
  return line.replace(/^(?:[#>+=-]|\$(?=\$)|\d+(?=[.)]))/, (start) =>
    /\d/.test(start) ? `${start}\\` : `\\${start}`,
  );
}
