/** Finds the text that an edit means, by a ladder of four rungs, and puts the new text in its place. Pure. */
import { cutText } from "../../formats/one-line.ts";

export type Edited =
  | {
      readonly kind: "changed";
      readonly text: string;
      /** How the old text was found. */
      readonly rung: string;
      readonly count: number;
      readonly diff: string;
    }
  | { readonly kind: "several"; readonly count: number; readonly lines: readonly number[] }
  | { readonly kind: "none"; readonly nearest: readonly string[] };

/** What an edit says, line by line. */
interface Wish {
  readonly old: readonly string[];
  readonly fresh: readonly string[];
  /** The old lines as they were written. */
  readonly exact: string;
  /** Common to the old lines. */
  readonly indent: string;
}

/** A piece of a text, and what takes its place. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** What is replaced in more places is no edit that anybody reads. */
const placesMax = 10_000;
const linesToldMax = 8;

/** A rung counts only where none above it fits. `isAll`: in every place, else in the only one. */
export function editText(text: string, old: string, fresh: string, isAll: boolean): Edited {
  const [mark = ""] = /^\uFEFF?/.exec(text) ?? [];
  // A last line that does not end is compared as if it did.
  const pad = text.endsWith("\n") ? "" : endingAt(text, text.length);
  const before = text.slice(mark.length) + pad;
  const [exact, put] = [old.replace(/^\uFEFF/, ""), fresh.replace(/^\uFEFF/, "")];
  const lines = exact.split(lineEnd);
  const wish = { old: lines, fresh: put.split(lineEnd), exact, indent: commonIndent(lines) };
  for (const [rung, places] of Object.entries(rungsOf(before, wish))) {
    const regions = findRegions(before, places, wish);
    const count = regions.length;
    if (count === 1 || (isAll && count > 0 && count < placesMax)) {
      const after = applyRegions(before, regions);
      const whole = mark + (pad === "" ? after : after.replace(/\r?\n$/, ""));
      return { kind: "changed", text: whole, rung, count, diff: renderDiff(before, after, regions) };
    }
    const told = regions.slice(0, linesToldMax).map(({ start }) => lineAt(before, start));
    if (count > 0) return { kind: "several", count, lines: told };
  }
  return { kind: "none", nearest: nearestLines(before.split(lineEnd), wish.old) };
}

const lineEnd = /\r?\n/;
const isBlank = (line: string): boolean => line.trim() === "";
const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;

/** How the line ends; the last one as the one before it. */
function endingAt(text: string, at: number): string {
  const next = text.indexOf("\n", at);
  const feed = next === -1 ? text.lastIndexOf("\n") : next;
  return text[feed - 1] === "\r" ? "\r\n" : "\n";
}

/** Where the old lines were found, as a pattern tells it. */
interface Place {
  readonly index: number;
  readonly 0: string;
  readonly groups?: Readonly<Record<string, string>> | undefined;
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
const feed = String.raw`\r?\n`;
const blanks = String.raw`[^\S\r\n]*`;
const atStart = String.raw`(?<![^\n])`;
const atEnd = String.raw`(?=\r?\n)`;
const notInEnding = String.raw`(?!(?<=\r)\n)`;
/** A pattern of much more lines, or of a much longer one, cannot be compiled. */
const looseLinesMax = 500;
const looseCharsMax = 10_000;

/** From the top; a rung looks when it is asked. */
function rungsOf(text: string, { old, exact, indent }: Wish): Readonly<Record<string, Iterable<Place>>> {
  const first = { exact: exactPlaces(text, exact) };
  // White space alone would fit everywhere.
  const isLoose = !isBlank(exact) && old.every((line) => line.length <= looseCharsMax);
  if (!isLoose || old.length > looseLinesMax) return first;
  const lines = old.at(-1) === "" ? old.slice(0, -1) : old;
  const end = old.at(-1) === "" ? feed : atEnd;
  const anchor = lines.findIndex((line) => !isBlank(line));
  const whole = (indentFound: string): string => {
    const loose = lines.map((line, at) => {
      if (isBlank(line)) return blanks;
      const found = at === anchor ? `(?<indent>${indentFound})` : String.raw`\k<indent>`;
      return found + literal(line.slice(indent.length).trimEnd()) + blanks;
    });
    return atStart + loose.join(feed) + end;
  };
  const find = (pattern: string): Iterable<Place> => text.matchAll(new RegExp(pattern, "g"));
  return {
    ...first,
    "line endings": find(old.map(literal).join(feed) + notInEnding),
    "white space at line ends": find(whole(literal(indent))),
    indentation: find(whole(blanks)),
  };
}

/** Half of a line ending is no match: the other half would stay behind. */
function* exactPlaces(text: string, exact: string): Generator<Place> {
  const isCut = (at: number): boolean => text[at] === "\n" && text[at - 1] === "\r";
  for (let at = text.indexOf(exact); at !== -1; at = text.indexOf(exact, at + exact.length)) {
    if (!isCut(at) && !isCut(at + exact.length)) yield { index: at, 0: exact };
  }
}

function commonIndent(lines: readonly string[]): string {
  const indents = lines.filter((line) => !isBlank(line)).map((line) => /^\s*/.exec(line)?.[0] ?? "");
  const shortest = indents.toSorted((a, b) => a.length - b.length)[0] ?? "";
  return indents.every((indent) => indent.startsWith(shortest)) ? shortest : "";
}

function findRegions(text: string, places: Iterable<Place>, wish: Wish): readonly Region[] {
  const regions: Region[] = [];
  for (const place of places) {
    const region = regionOf(text, place, wish);
    if (region !== null) regions.push(region);
    if (regions.length === placesMax) break;
  }
  return regions;
}

/** Lines that old and new have in common around the change keep their bytes. Null: a new line cannot be shifted. */
function regionOf(text: string, place: Place, { old, fresh, indent }: Wish): Region | null {
  const { head, tail } = commonEnds(old, fresh, Math.min(old.length, fresh.length) - 1);
  const rows = place[0].split("\n").map((row) => `${row}\n`);
  const kept = rows.slice(head, rows.length - tail).join("");
  const start = place.index + rows.slice(0, head).join("").length;
  const end = start + kept.replace(tail === 0 ? /\n$/ : /\r?\n$/, "").length;
  const there = place.groups?.["indent"] ?? indent;
  const lines = fresh.slice(head, fresh.length - tail).map((line) => shiftLine(line, indent, there));
  if (lines.includes(null)) return null;
  const ending = lines.length === 1 ? "" : endingAt(text, start);
  return { start, end, replacement: lines.join(ending) };
}

function shiftLine(line: string, from: string, to: string): string | null {
  if (from === to || isBlank(line)) return line;
  return line.startsWith(from) ? to + line.slice(from.length) : null;
}

/** How many of at most `most` lines are the same at the beginning, and how many of the rest at the end. */
function commonEnds(old: readonly string[], fresh: readonly string[], most: number) {
  let [head, tail] = [0, 0];
  while (head < most && old[head] === fresh[head]) head += 1;
  while (tail < most - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  return { head, tail };
}

function applyRegions(text: string, regions: readonly Region[]): string {
  const pieces = regions.map(({ start, replacement }, at) => {
    return text.slice(regions[at - 1]?.end ?? 0, start) + replacement;
  });
  return pieces.join("") + text.slice(regions.at(-1)?.end ?? 0);
}

/** Bounds for what is only a hint. */
const linesComparedMax = 50_000;
const charsComparedMax = 200;
/** Of 0.5 for lines that are the same. */
const scoreMin = 0.1;

/** The lines most like the first old line that the text does not have; like its first one when it has them all. */
function nearestLines(all: readonly string[], old: readonly string[]): readonly string[] {
  const known = new Set(all.map((line) => line.trim()));
  const missing = old.find((line) => !known.has(line.trim()));
  const wanted = pairsOf(missing ?? old.find((line) => !isBlank(line)) ?? "");
  const scored = all.slice(0, linesComparedMax).map((line, at) => {
    const pairs = pairsOf(line);
    const score = [...pairs].filter((pair) => wanted.has(pair)).length / (pairs.size + wanted.size);
    return { text: `${at + 1}→${cutText(line, charsComparedMax)}`, score };
  });
  const like = scored.filter(({ score }) => score >= scoreMin).toSorted((a, b) => b.score - a.score);
  return like.slice(0, 3).map(({ text }) => text);
}

/** Each two characters that follow one another. */
function pairsOf(line: string): ReadonlySet<string> {
  const text = line.trim().slice(0, charsComparedMax);
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
}

const diffLinesMax = 40;
const diffCharsMax = 300;

/** The whole lines of the first region, before and after all were replaced. */
function renderDiff(before: string, after: string, [region]: readonly Region[]): string {
  const { start, end, replacement } = region ?? { start: 0, end: 0, replacement: "" };
  const from = before.slice(0, start).lastIndexOf("\n") + 1;
  const linesTo = (text: string, to: number): readonly string[] =>
    (text.slice(from, to) + (text.slice(to).split(lineEnd, 1)[0] ?? "")).split(lineEnd);
  const [old, fresh] = [linesTo(before, end), linesTo(after, start + replacement.length)];
  const { head, tail } = commonEnds(old, fresh, Math.min(old.length, fresh.length));
  const lines = [
    `@@ line ${lineAt(before, from) + head} @@`,
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...fresh.slice(head, fresh.length - tail).map((line) => `+${line}`),
  ];
  if (lines.length > diffLinesMax) lines.splice(diffLinesMax - 1, Infinity, `… of ${lines.length} lines`);
  return lines.map((line) => cutText(line, diffCharsMax)).join("\n");
}
