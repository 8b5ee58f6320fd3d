/** Shortens what a command prints to what a model reads: head and tail, lines of bearable length, no old progress. */

export interface Excerpt {
  readonly push: (text: string) => void;
  readonly hasCutLine: () => boolean;
  /** The last call. `where` says where all of it is. */
  readonly end: (charsTotal: number, where: string | null) => string;
}

const headCharsMax = 8_000;
const tailCharsMax = 16_000;
const lineCharsMax = 2_000;
/** Of less than this, nothing is missing but the ends of long lines. */
export const excerptCharsMax = headCharsMax + tailCharsMax;

export function createExcerpt(): Excerpt {
  let head = "";
  let tail = "";
  /** The line that has no line feed yet. */
  let open = "";
  let charsCut = 0;
  let hasCutLine = false;
  const add = (text: string): void => {
    const lines = text.split("\n");
    const isLong = lines.some((line) => line.length > lineCharsMax);
    hasCutLine ||= isLong;
    const shown = isLong || text.includes("\r") ? lines.map(showLine).join("\n") : text;
    const room = headCharsMax - head.length;
    head += shown.slice(0, room);
    tail += shown.slice(room);
    // Twice the limit before cutting: one copy for each full tail, not one for each piece.
    if (tail.length <= 2 * tailCharsMax) return;
    charsCut += tail.length - tailCharsMax;
    tail = tail.slice(-tailCharsMax);
  };
  return {
    push(text) {
      open += text;
      const end = open.lastIndexOf("\n") + 1;
      if (end > 0) add(open.slice(0, end));
      open = open.slice(end);
      if (open.length <= 2 * lineCharsMax) return;
      hasCutLine = true;
      // One character too long stays too long; a return at the end stays, for what follows overwrites the line.
      open = lastState(open).slice(0, lineCharsMax + 1) + (open.endsWith("\r") ? "\r" : "");
    },
    hasCutLine: () => hasCutLine || open.length > lineCharsMax,
    end(charsTotal, where) {
      add(open);
      const over = Math.max(0, tail.length - tailCharsMax);
      const missing = charsCut + over;
      const notice = `[… ${missing} of ${charsTotal} characters are not shown; ${where ?? "they are gone"} …]`;
      const text = `${head}${missing > 0 ? `\n${notice}\n` : ""}${tail.slice(over)}`.replace(/\n$/, "");
      const last = missing === 0 && where !== null ? `\n[${where}]` : "";
      // Half of a surrogate pair, left by a cut, would make the whole request invalid.
      return `${text === "" ? "(no output)" : text}${last}`.toWellFormed();
    },
  };
}

function showLine(line: string): string {
  const text = lastState(line);
  return text.length > lineCharsMax ? `${text.slice(0, lineCharsMax)}… [line cut]` : text;
}

/** What a screen shows of a line that returns to its beginning. */
function lastState(line: string): string {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}
