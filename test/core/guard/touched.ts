/** Touched files for tests of the guard's rules. */
import type { TouchedFile, Version } from "../../../src/core/guard/change.ts";

const version = (text: string): Version => ({
  bytes: Buffer.byteLength(text),
  text,
  isBinary: text.slice(0, 8192).includes("\0"),
});

/** A side that is null is not there. */
export const touched = (path: string, before: string | null, after: string | null): TouchedFile => ({
  path,
  mode: after === null ? null : "100644",
  before: before === null ? null : version(before),
  after: after === null ? null : version(after),
});
