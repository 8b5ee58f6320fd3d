/** Keeps the head and the tail of a stream in bounded memory: an agent will, one night, print 2 GB. */

export interface BoundedText {
  readonly push: (chunk: string) => void;
  /** What was kept, with a line that says how much is missing between head and tail. */
  readonly text: () => string;
}

export function createBoundedText(headCharsMax: number, tailCharsMax: number): BoundedText {
  let head = "";
  let tail = "";
  let charsCut = 0;
  return {
    push(chunk) {
      const room = headCharsMax - head.length;
      head += chunk.slice(0, Math.max(0, room));
      tail += chunk.slice(Math.max(0, room));
      // Twice the limit before cutting: one copy for each full tail, not one for each chunk.
      if (tail.length <= 2 * tailCharsMax) return;
      charsCut += tail.length - tailCharsMax;
      tail = tail.slice(-tailCharsMax);
    },
    text() {
      const cutNow = Math.max(0, tail.length - tailCharsMax);
      const cut = charsCut + cutNow;
      return cut === 0 ? head + tail : `${head}\n[… ${cut} characters cut …]\n${tail.slice(cutNow)}`;
    },
  };
}

/** A line splitter on LF alone (JSON may hold U+2028) that forgets lines longer than the limit. */
export function createLineSplitter(
  lineCharsMax: number,
  onLine: (line: string | { readonly tooLong: number }) => void,
): { readonly push: (chunk: string) => void; readonly end: () => void } {
  let line = "";
  let tooLong = 0;
  const add = (part: string): void => {
    if (tooLong === 0 && line.length + part.length <= lineCharsMax) {
      line += part;
      return;
    }
    tooLong += line.length + part.length;
    line = "";
  };
  const flush = (): void => {
    onLine(tooLong === 0 ? line : { tooLong });
    line = "";
    tooLong = 0;
  };
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf("\n"); at !== -1; at = chunk.indexOf("\n", from)) {
        add(chunk.slice(from, at));
        flush();
        from = at + 1;
      }
      add(chunk.slice(from));
    },
    end() {
      if (line !== "" || tooLong > 0) flush();
    },
  };
}
