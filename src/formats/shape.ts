/** Checks plain values against a schema and tells people what was expected, what was found and what was meant. */
import { z } from "zod";
import { cutText } from "./one-line.ts";
import { nearestWord } from "./nearest.ts";
import type { Path } from "./yaml-text.ts";

export interface ShapeProblem {
  readonly path: Path;
  /** Which side of the colon is wrong. */
  readonly part: "key" | "value";
  readonly message: string;
}

export type Shaped<Schema extends z.ZodType> =
  | { readonly kind: "fits"; readonly value: z.output<Schema> }
  | { readonly kind: "problems"; readonly problems: readonly ShapeProblem[] };

export function checkShape<Schema extends z.ZodType>(schema: Schema, value: unknown): Shaped<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return { kind: "fits", value: result.data };
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, value, schema));
  return { kind: "problems", problems };
}

/** The schema as people write the values, for editors: JSON Schema, draft 2020-12. */
export function jsonSchemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) at = isRecord(at) ? at[step] : undefined;
  return at;
}

/** Lists count too: their keys are numbers. */
export const isRecord = (value: unknown): value is Readonly<Record<string | number, unknown>> =>
  typeof value === "object" && value !== null;

/** `gates[1].timeout` */
export function pathText(path: Path): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
  return steps.join("").replace(/^\./, "");
}

/** A value as it is named in a message. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return `"${cutText(value, 60)}"`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "keys with values";
}

function didYouMean(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === null ? "" : `; did you mean "${nearest}"?`;
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown, schema: z.ZodType): ShapeProblem[] {
  const inner = issue.code === "invalid_union" ? innerIssues(issue) : [];
  if (inner.length > 0) return inner.flatMap((each) => problemsOf(each, root, schema));
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  const value = valueAt(root, path);
  const name = path.length === 0 ? "" : `${pathText(path)}: `;
  if (value === undefined) {
    const message = `${pathText(path)} is missing: expected ${issue.message}`;
    return [{ path, part: "value", message }];
  }
  const words = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const meant = typeof value === "string" ? didYouMean(value, words) : "";
  const message = `${name}expected ${issue.message}, but found ${showValue(value)}${meant}`;
  return [{ path, part: "value", message }];
}

/** Of the one choice whose outside fits, and something within does not: `[1, x]` is a list, whatever else it might be. */
function innerIssues({ path, errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] {
  const within = errors.find((issues) => issues.every((issue) => issue.path.length > 0)) ?? [];
  return within.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

function unknownKey(path: Path, key: string, known: readonly string[]): ShapeProblem {
  const meant = didYouMean(key, known) || `; known here: ${known.join(", ")}`;
  return { path, part: "key", message: `unknown key "${cutText(pathText(path), 80)}"${meant}` };
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let node: unknown = jsonSchemaOf(schema);
  for (const step of path) {
    const part = typeof step === "number" ? "items" : "properties";
    const inner = variantWith(node, part);
    node = typeof step === "number" ? inner : valueAt(inner, [step]);
  }
  const properties = variantWith(node, "properties");
  return isRecord(properties) ? Object.keys(properties) : [];
}

function variantWith(node: unknown, part: "items" | "properties"): unknown {
  const variants = valueAt(node, ["anyOf"]);
  const all: readonly unknown[] = Array.isArray(variants) ? variants : [node];
  return all.map((variant) => valueAt(variant, [part])).find((found) => found !== undefined);
}
