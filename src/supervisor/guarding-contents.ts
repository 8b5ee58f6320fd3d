/** Reads what a change touches, a part at a time, and applies the rules about contents. */
import type { TouchedFile, Version } from "../core/guard/change.ts";
import { fileKindFinding } from "../core/guard/file-kinds.ts";
import { isManifest, manifestFinding } from "../core/guard/manifest.ts";
import { gateFileFinding } from "../core/guard/protected-paths.ts";
import { signFindings } from "../core/guard/runner-signs.ts";
import { shadowFinding } from "../core/guard/shadowing.ts";
import { type Silenced, silencedIn, silencerFindings } from "../core/guard/silencers.ts";
import { isSnapshot, snapshotFinding } from "../core/guard/snapshots.ts";
import { testPartOf } from "../core/guard/test-language.ts";
import { testFindings } from "../core/guard/tests.ts";
import { parseToml } from "../formats/toml-text.ts";
import type { ChangedPath } from "../ports.ts";
import { readFiles } from "./guarding-files.ts";
import type { GuardedChange } from "./guarding.ts";
import { findSecrets, secretFindings, type SecretPlace } from "./guarding-secrets.ts";

/** So many files are in memory at once. */
const filesAtOnce = 128;

/** `others` are rules about one file that need to look at more than the file. */
export async function contentFindings(
  change: GuardedChange,
  others: (file: TouchedFile) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const findings: string[] = [];
  const silenced: Silenced[] = [];
  const secrets: SecretPlace[] = [];
  const moves = movesIn(change.touched);
  const readPart = (from: number): Promise<readonly TouchedFile[]> =>
    readFiles(change.ports.target, change.touched.slice(from, from + filesAtOnce));
  let next = readPart(0);
  for (let from = 0; from < change.touched.length; from += filesAtOnce) {
    const files = await next;
    // The next part is read while this one is looked at.
    next = readPart(from + filesAtOnce);
    // It may fail while nobody waits for it yet; whoever awaits it still hears.
    next.catch(() => {});
    for (const file of files) {
      secrets.push(...(await findSecrets(change.ports.secrets, file)));
      if (!change.isRuled(file.path)) continue;
      silenced.push(...silencedIn(file));
      findings.push(...fileFindings(change, file, moves.get(file.path) ?? null), ...(await others(file)));
    }
  }
  return [...(await secretFindings(change, secrets)), ...findings, ...silencerFindings(silenced)];
}

/** Where the bytes of a removed file turn up again. */
function movesIn(touched: readonly ChangedPath[]): ReadonlyMap<string, string> {
  const added = new Map(
    touched.flatMap(({ path, before, after }) => (before === null ? [[after, path]] : [])),
  );
  const moves = touched.flatMap(({ path, before, after }) => {
    const to = after === null && before !== null ? added.get(before) : undefined;
    return to === undefined ? [] : [[path, to] as const];
  });
  return new Map(moves);
}

function fileFindings(change: GuardedChange, file: TouchedFile, movedTo: string | null): readonly string[] {
  const { path } = file;
  const kind = fileKindFinding(file);
  if (kind !== null) return [kind];
  if (isSnapshot(path)) return [snapshotFinding(file)].filter((finding) => finding !== null);
  const gate = change.gateFiles.get(path);
  const isTest = testPartOf(path, file.before?.text ?? "") !== null;
  return [
    shadowFinding(file, change.scriptFolders) ??
      (gate === undefined || isTest ? null : gateFileFinding(path, gate)),
    isManifest(path) ? compareManifests(file) : null,
    ...testFindings(file, movedTo),
    ...signFindings(file),
  ].filter((finding) => finding !== null);
}

function compareManifests({ path, before, after }: TouchedFile): string | null {
  return manifestFinding(path, {
    before: readManifest(path, before),
    after: readManifest(path, after),
    isNew: before === null,
  });
}

/** Empty where there is no file; null where it cannot be read. */
function readManifest(path: string, version: Version | null): Readonly<Record<string, unknown>> | null {
  if (version === null) return {};
  if (version.text === null) return null;
  if (path.endsWith(".toml")) return parseToml(version.text);
  try {
    const value: unknown = JSON.parse(version.text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}
