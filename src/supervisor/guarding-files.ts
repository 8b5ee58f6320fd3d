/** Reads both sides of touched files from git, in one batch. */
import type { TouchedFile, Version } from "../core/guard/change.ts";
import type { Blob, ChangedPath, Target } from "../ports.ts";

/** What is larger is told from its size alone. */
const readBytesMax = 8 * 1024 * 1024;

/** In one batch: first all sizes, then all contents. */
export async function readFiles(
  target: Target,
  paths: readonly ChangedPath[],
): Promise<readonly TouchedFile[]> {
  const names = [...new Set(paths.flatMap(({ before, after }) => [before, after]))].filter(
    (name) => name !== null,
  );
  const blobs = await target.readBlobs(names, readBytesMax);
  const versions = new Map(names.map((name, at) => [name, versionOf(blobs[at])] as const));
  const version = (name: string | null): Version | null =>
    name === null ? null : (versions.get(name) ?? null);
  return paths.map(({ path, mode, before, after }) => ({
    path,
    mode,
    before: version(before),
    after: version(after),
  }));
}

/** As far as git looks for a NUL. */
const binaryBytes = 8 * 1024;

function versionOf(blob: Blob | undefined): Version | null {
  if (blob === undefined) return null;
  const { bytes, content } = blob;
  if (content === null) return { bytes, text: null, isBinary: false };
  const isBinary = content.subarray(0, binaryBytes).includes(0);
  return { bytes, text: new TextDecoder().decode(content), isBinary };
}
