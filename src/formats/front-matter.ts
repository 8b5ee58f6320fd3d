/** Finds the YAML between the two `---` lines at the top of a Markdown file, and edits it without touching the rest. */
import { isMap, isScalar, parseDocument, type Pair } from "yaml";
import { readYaml } from "./yaml-text.ts";

/** The file cut in pieces: joined again they are the file, byte for byte. */
export interface FrontMatter {
  /** Byte order mark and opening line; empty parts when the file has no front matter. */
  readonly head: string;
  readonly yaml: string;
  /** The closing line. */
  readonly tail: string;
  readonly body: string;
  readonly kind: "present" | "absent" | "unclosed";
}

export function splitFrontMatter(text: string): FrontMatter {
  const [opening] = /^\uFEFF?---[ \t]*\r?\n/.exec(text) ?? [];
  if (opening === undefined) {
    const head = text.startsWith("\uFEFF") ? "\uFEFF" : "";
    return { kind: "absent", head, yaml: "", tail: "", body: text.slice(head.length) };
  }
  const rest = text.slice(opening.length);
  const closing = /(?<=^|\n)---[ \t]*(?:\r?\n|$)/.exec(rest);
  if (closing === null) return { kind: "unclosed", head: opening, yaml: rest, tail: "", body: "" };
  const [tail] = closing;
  const yaml = rest.slice(0, closing.index);
  return { kind: "present", head: opening, yaml, tail, body: rest.slice(closing.index + tail.length) };
}

/** A value as YAML source without its key: `landed`, or indented lines after a newline. Null takes the key away. */
export type KeyEdit = readonly [key: string, source: string | null];

/**
 * Sets top-level keys in YAML text; everything else stays as it is written, comments and order too.
 * Keys that are new go to the end, with `lines` as the ends of their lines. Returns null when the text is laid out in a way that no small edit can keep.
 */
export function editYaml(yaml: string, edits: readonly KeyEdit[], lines: string): string | null {
  const before = readYaml(yaml);
  const edited = edits.reduce((text, edit) => editKey(text, edit, lines), yaml);
  return isSameBut(edits, before.value, readYaml(edited)) ? edited : null;
}

/** The same by writing the whole document anew: comments stay, the layout may change. */
export function rewriteYaml(yaml: string, edits: readonly KeyEdit[]): string {
  const document = parseDocument(yaml);
  for (const [key, source] of edits) {
    if (source === null) document.delete(key);
    else document.set(key, readYaml(source).value);
  }
  return document.toString({ lineWidth: 0 });
}

function editKey(yaml: string, [key, source]: KeyEdit, lines: string): string {
  const { contents } = parseDocument(yaml, { prettyErrors: false });
  const pairs = isMap(contents) ? contents.items : [];
  const pair = pairs.find((item) => isScalar(item.key) && item.key.value === key);
  const isInline = source !== null && !source.includes("\n");
  if (pair !== undefined && isInline) return replaceValue(yaml, pair, source);
  const neighbour = pair ?? pairs[0];
  const indent = neighbour === undefined ? "" : indentOf(yaml, startOf(neighbour));
  const written = source === null ? "" : linesOf(key, source, indent).replaceAll("\n", lines);
  if (pair !== undefined) return replaceLines(yaml, pair, written);
  return (yaml === "" || yaml.endsWith("\n") ? yaml : `${yaml}${lines}`) + written;
}

function linesOf(key: string, source: string, indent: string): string {
  const separator = source.startsWith("\n") ? ":" : ": ";
  const lines = `${key}${separator}${source}`.split("\n").map((line) => `${indent}${line}`);
  return `${lines.join("\n")}\n`;
}

function replaceValue(yaml: string, pair: Pair, source: string): string {
  const [start, end] = rangeOf(pair.value);
  if (start !== end) return yaml.slice(0, start) + source + yaml.slice(end);
  const colon = yaml.indexOf(":", rangeOf(pair.key)[1]) + 1;
  return `${yaml.slice(0, colon)} ${source}${yaml.slice(colon)}`;
}

/** Takes out whole lines, from the key's to the last one of its value, and puts others in their place. */
function replaceLines(yaml: string, pair: Pair, written: string): string {
  const start = yaml.lastIndexOf("\n", startOf(pair) - 1) + 1;
  const valueEnd = Math.max(rangeOf(pair.key)[1], rangeOf(pair.value)[1]);
  const lastUsed = start + yaml.slice(start, valueEnd).trimEnd().length;
  const newline = yaml.indexOf("\n", lastUsed);
  return yaml.slice(0, start) + written + (newline === -1 ? "" : yaml.slice(newline + 1));
}

const startOf = (pair: Pair): number => rangeOf(pair.key)[0];

const indentOf = (yaml: string, offset: number): string =>
  yaml.slice(yaml.lastIndexOf("\n", offset - 1) + 1, offset);

function rangeOf(node: unknown): readonly [number, number] {
  if (typeof node !== "object" || node === null || !("range" in node)) return [0, 0];
  const { range } = node;
  if (!Array.isArray(range)) return [0, 0];
  return [Number(range[0]), Number(range[1])];
}

function isSameBut(edits: readonly KeyEdit[], before: unknown, after: ReturnType<typeof readYaml>): boolean {
  if (after.errors.length > 0) return false;
  const wanted = new Map(Object.entries(before ?? {}));
  for (const [key, source] of edits) {
    if (source === null) wanted.delete(key);
    else wanted.set(key, readYaml(source).value);
  }
  return canonicalJson(Object.fromEntries(wanted)) === canonicalJson(after.value ?? {});
}

/** The same text for the same values, in whatever order their keys were written. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
