/** Standard output: tables and JSON. Results only; progress and logs go to standard error. */
import { fstatSync, writeFileSync } from "node:fs";
import { stripVTControlCharacters, styleText } from "node:util";

export function print(line = ""): void {
  const text = `${makeSafe(line)}\n`;
  if (!isFile()) return void process.stdout.write(text);
  try {
    // The stream takes it for written when a full disk has taken a part of it.
    writeFileSync(outputFd, text);
  } catch (error) {
    process.stdout.emit("error", error);
  }
}

const outputFd = 1;
const isFile = (): boolean => fstatSync(outputFd).isFile();

/** Bold, dim, italic, underlined, a colour of its own: nothing that hides text or paints behind it. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const harmless = /^\u001b\[(?:(?:[0-4]|2[1-4]|3[1-79]|9[0-7])(?:;|(?=m)))*m$/;
/** Styles, and control and direction characters but for line feed and tab. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const special = /\u001b\[[\d;:]*m|[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Test names, file names and claims are written by agents: on a terminal they could move the cursor, hide lines or
 * set a title. Of styles only those are let through that lie about nothing; the others go without a trace.
 */
export const makeSafe = (text: string): string =>
  text.replace(special, (found) => {
    if (harmless.test(found)) return found;
    return found.endsWith("m") ? "" : "\ufffd";
  });

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

type Style = "green" | "red" | "yellow" | "cyan" | "dim" | "bold";

/** Colour where standard output is a terminal that wants it (`NO_COLOR` is honoured). */
export const style = (name: Style, text: string): string => styleText(name, text, { stream: process.stdout });

/** `2026-11-20 07:02:11`, on the clock of whoever reads it. */
export function localTime(time: string | number): string {
  const date = new Date(time);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Rows with their columns in line; the last column is broken between words where it is too long. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - widthOf(cell)),
    );
    const indent = widths.slice(0, row.length - 1).reduce((sum, width) => sum + width + 2, 0);
    const last = hang(row.at(-1) ?? "", indent);
    print([...cells.slice(0, -1), last].join("  ").trimEnd());
  }
}

/** Narrower than this nothing can be read: then a terminal may break the line where it likes. */
const columnCharsMin = 24;

const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

/** Cut to what fits, with an ellipsis. */
export const fit = (text: string, charsMax: number): string =>
  text.length <= charsMax ? text : `${text.slice(0, Math.max(0, charsMax - 1))}…`;

/** The first of the facts that fit in a line together: a fact cut in two says nothing. */
export function joinFitting(facts: readonly string[], charsMax: number): string {
  const [first = "", ...rest] = facts;
  let line = first;
  for (const fact of rest) {
    if (line.length + 2 + fact.length > charsMax) break;
    line = `${line}, ${fact}`;
  }
  return fit(line, charsMax);
}

/** What standard output is wide; 80 where nobody says. */
export const columns = (): number => process.stdout.columns || 80;

/** Broken between words so that no line is longer than `width`; further lines begin with `indent`. */
export const wrap = (text: string, width: number, indent: string): string =>
  text
    .split("\n")
    .map((line, at) => wrapLine(at === 0 ? line : indent + line, width, indent))
    .join("\n");

function wrapLine(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  const lead = /^ */.exec(text)?.[0] ?? "";
  let line = "";
  for (const word of text.slice(lead.length).split(" ")) {
    const room = width - (lines.length === 0 ? lead.length : indent.length);
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return lead + [...lines, line].join(`\n${indent}`);
}

/** What went wrong and what to do, on lines of their own; broken between words for a terminal (`width`). */
export function errorText(
  { message, hint }: { readonly message: string; readonly hint: string | null },
  width = Infinity,
): string {
  const lines = `ralphwright: ${message}${hint === null ? "" : `\n  ${hint}`}`.split("\n");
  return makeSafe(lines.map((line) => wrap(line, width, "  ")).join("\n"));
}

/** For a text that is printed after `margin` characters: broken between words, further lines under the first. */
export function hang(text: string, margin: number): string {
  return wrap(text, Math.max(columnCharsMin, columns() - margin), "").replaceAll(
    "\n",
    `\n${" ".repeat(margin)}`,
  );
}
