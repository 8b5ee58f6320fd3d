/** Secrets in what a change adds: one that the base has already, in the same file or one that is gone, is not new. */
import type { TouchedFile } from "../core/guard/change.ts";
import type { SecretFinding, Secrets } from "../ports.ts";
import type { GuardedChange } from "./guarding.ts";
import { readFiles } from "./guarding-files.ts";

/** Where a secret is; never the secret. */
export interface SecretPlace extends SecretFinding {
  readonly path: string;
}

/** Secrets of a file that its base version does not have. */
export async function findSecrets(
  secrets: Secrets,
  { path, before, after }: TouchedFile,
): Promise<readonly SecretPlace[]> {
  if (after === null || after.text === null || after.isBinary) return [];
  const found = await secrets.find(path, after.text);
  if (found.length === 0) return [];
  const known = before === null || before.text === null ? [] : await secrets.find(path, before.text);
  const digests = new Set(known.map(({ digest }) => digest));
  return found.filter(({ digest }) => !digests.has(digest)).map((finding) => ({ ...finding, path }));
}

export async function secretFindings(
  { ports, touched }: GuardedChange,
  places: readonly SecretPlace[],
): Promise<readonly string[]> {
  if (places.length === 0) return [];
  const moved = new Set<string>();
  for (const changed of touched.filter(({ after }) => after === null)) {
    for (const { path, before } of await readFiles(ports.target, [changed])) {
      for (const { digest } of await ports.secrets.find(path, before?.text ?? "")) moved.add(digest);
    }
  }
  return places
    .filter(({ digest }) => !moved.has(digest))
    .map(
      ({ path, line, kind }) =>
        `${path}:${line} holds a secret (${kind}); take it out, and revoke it if it is real`,
    );
}
