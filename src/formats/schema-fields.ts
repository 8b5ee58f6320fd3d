/** The kinds of fields that people write in YAML. Every message is a noun phrase that follows "expected". */
import { z } from "zod";
import { byteSizePattern, parseBytes } from "./byte-size.ts";
import { durationPattern, parseDuration } from "./duration.ts";

/** Without NUL: that ends an argument, and so begins another one. */
export const text = (error = "a text") =>
  z
    .string({ error })
    .regex(/\S/, { error })
    .refine((found) => !found.includes("\0"), { error: `${error} without NUL characters` });

export const flag = () => z.boolean({ error: "true or false" });

export function wholeNumber(min: number) {
  const least = `a whole number of at least ${min}`;
  const most = `a whole number of at most ${Number.MAX_SAFE_INTEGER}`;
  return z.int({ error: ({ code }) => (code === "too_big" ? most : least) }).min(min, { error: least });
}

export function integer() {
  return z.int({ error: "a whole number" });
}

export function dollars() {
  const error = "an amount of US dollars above 0";
  return z.number({ error }).positive({ error });
}

export function duration() {
  const error = "a duration such as 45m, 90s, 2h or 500ms (at most 24 days)";
  return z
    .string({ error })
    .regex(durationPattern, { error, abort: true })
    .refine((written) => parseDuration(written) !== null, { error })
    .transform((written) => parseDuration(written) ?? 0);
}

export function byteSize() {
  const error = "a size such as 8GiB or 512MiB";
  return z
    .string({ error })
    .regex(byteSizePattern, { error, abort: true })
    .refine((written) => parseBytes(written) !== null, { error })
    .transform((written) => parseBytes(written) ?? 0);
}

export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, { error: `one of ${words.join(", ")}` });
}

export function timeOfDay() {
  const error = 'a time of day such as "07:00"';
  return z.string({ error }).regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error });
}

const windowPattern = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** One span of local time or several; the same time twice would never open. */
export function timeWindows() {
  const one = 'a window of local time such as "22:00-07:00", from one time to another';
  const error = `${one}, or a list of windows`;
  const window = z.string({ error: one }).refine((written) => parseWindow(written) !== null, { error: one });
  return z.union([window, z.array(window).min(1, { error })], { error }).transform((written) =>
    [written]
      .flat()
      .map(parseWindow)
      .filter((parsed) => parsed !== null),
  );
}

function parseWindow(written: string): { readonly fromMinute: number; readonly toMinute: number } | null {
  const [, fromHour, from, toHour, to] = windowPattern.exec(written) ?? [];
  const fromMinute = Number(fromHour) * 60 + Number(from);
  const toMinute = Number(toHour) * 60 + Number(to);
  return fromMinute >= 0 && fromMinute !== toMinute ? { fromMinute, toMinute } : null;
}

export function matching(pattern: RegExp, error: string) {
  return z.string({ error }).regex(pattern, { error });
}

const isNamed = (step: string): boolean => step !== "" && step !== ".";

/** A path from the top of the repository that cannot leave it. */
export function relativePath() {
  const error = "a path inside the repository, relative, without .. and with forward slashes";
  const pattern = /^(?!\/)(?![A-Za-z]:)(?!(?:.*\/)?\.\.(?:\/|$))(?![./]*$)[^\\\p{Cc}]*[^\\\p{Cc}\s]$/u;
  // Paths are compared by their beginnings: there may be one way only to write each.
  return matching(pattern, error).transform((path) => path.split("/").filter(isNamed).join("/"));
}

/** A file or folder outside of the repository: absolute or in the home, and neither the root nor the home as a whole. */
export const outsidePath = () =>
  matching(
    /^(?:~?\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^/\p{Cc}][^\p{Cc}]*$/u,
    "a full path, or one that begins with ~/, and neither / nor ~ as a whole",
  ).transform((path) => path.replace(/\/+$/, ""));

const hostName = String.raw`(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*`;

export const hostPattern = () =>
  matching(
    new RegExp(String.raw`^(?:${hostName}|\[[0-9a-f:.]+\])(?::\d{1,5})?$`, "i"),
    "a host such as registry.npmjs.org, host:port or *.host, without https:// and without a path",
  );

export const glob = () => matching(/^(?!!)[^\p{Cc}]*\S$/u, "a glob such as src/**, without a leading !");

export const environmentName = () =>
  matching(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");

export const gateName = () => matching(/^[a-z0-9-]+$/, "a name of lower-case letters, digits and hyphens");

/** A list; absent or empty is the empty list. */
export function list<Item extends z.ZodType>(item: Item) {
  return z
    .array(item, { error: "a list" })
    .nullish()
    .transform((items) => items ?? []);
}

/** Keys with values, and no others. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? undefined : "keys with values"),
  });
}

/** A mapping all of whose keys have defaults: absent or empty means all of them. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const inner = mapping(shape);
  return inner.nullish().transform((value) => value ?? inner.parse({}));
}
