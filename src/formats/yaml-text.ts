/** Reads YAML and remembers where each key and value stands; with front-matter.ts the home of the yaml package. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import { messageOf } from "../errors.ts";

export type Path = readonly (string | number)[];

/** 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlText {
  /** Plain values; null when the text is empty or cannot be read. */
  readonly value: unknown;
  readonly errors: readonly (Position & { readonly message: string })[];
  /** Where the key or value at a path stands; for one that does not exist, its nearest ancestor. */
  positionOf(path: Path, part: "key" | "value"): Position;
}

export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = [...document.errors, ...document.warnings].map((error) => ({
    ...at(error.pos[0]),
    message:
      error.code === "DUPLICATE_KEY"
        ? `the key ${keyAt(text, error.pos[0])} is here twice`
        : `YAML: ${error.message}`,
  }));
  const positionOf: YamlText["positionOf"] = (path, part) => at(offsetOf(document, path, part));
  if (errors.length > 0) return { value: null, errors, positionOf };
  try {
    return { value: document.toJS(), errors, positionOf };
  } catch (error) {
    // An alias of nothing, or aliases that multiply without end.
    const place = at(unresolvedAliasAt(document) ?? 0);
    return { value: null, errors: [{ ...place, message: `YAML: ${messageOf(error)}` }], positionOf };
  }
}

function unresolvedAliasAt(document: Document.Parsed): number | null {
  let offset: number | null = null;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return;
      offset = startOf(alias);
      return visit.BREAK;
    },
  });
  return offset;
}

const keyAt = (text: string, offset: number): string => `"${/^[^\s:]*/.exec(text.slice(offset))?.[0] ?? ""}"`;

/** A string as one YAML scalar, written as formatters of YAML leave it. */
export function quoteYaml(text: string): string {
  if (/^[A-Za-z0-9][\w ./()-]*$/.test(text) && !text.endsWith(" ") && readYaml(text).value === text) {
    return text;
  }
  if (!text.includes("\\") && text.includes('"')) return `'${text.replaceAll("'", "''")}'`;
  return `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
}

function offsetOf(document: Document.Parsed, path: Path, part: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    const found = childOf(isAlias(node) ? node.resolve(document) : node, step);
    if (found === null) return offset;
    const wantsKey = part === "key" && depth === path.length - 1;
    offset = (wantsKey ? null : startOf(found.value)) ?? startOf(found.key) ?? offset;
    node = found.value;
  }
  return offset;
}

function childOf(node: unknown, step: string | number): { key: unknown; value: unknown } | null {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? null : { key: value, value };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair === undefined ? null : { key: pair.key, value: pair.value };
}

/** Null for a value that is not written: `key:` and nothing behind it. */
function startOf(node: unknown): number | null {
  const range = isNodeLike(node) ? node.range : null;
  return range === null || range === undefined || range[0] === range[1] ? null : range[0];
}

const isNodeLike = (node: unknown): node is Node =>
  isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
