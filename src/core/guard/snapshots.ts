/** Snapshots are what tests compare with: one that is rewritten proves whatever the code does now. */
import { allowHint, textOf, type TouchedFile } from "./change.ts";

const snapshotPath =
  /(?:^|\/)(?:__snapshots__|__image_snapshots__|[^/]+\.[cm]?[jt]sx?-snapshots)\/|\.(?:snap|ambr|snapshot)$|(?:^|\/)testdata\/(?:.*\/)?[^/]*\.golden$|\.approved\.[^/]*$/;

export const isSnapshot = (path: string): boolean => snapshotPath.test(path);

export function snapshotFinding(file: TouchedFile): string | null {
  const { path, before, after } = file;
  if (!isSnapshot(path)) return null;
  if (after !== null && hasForeignCode(path, textOf(after)) && !hasForeignCode(path, textOf(before))) {
    return `${path} holds code beside its snapshots, which the test runner would run; take it out`;
  }
  if (before === null) return null;
  const remedy = `put it back and make the code fit, or ${allowHint(path)}`;
  if (after === null) return `${path} is a snapshot and was removed; ${remedy}`;
  const [old, now] = [entriesOf(path, textOf(before)), entriesOf(path, textOf(after))];
  if (old === null || now === null) return `${path} is a snapshot and was changed; ${remedy}`;
  const lost = [...old].find(([name, value]) => now.get(name) !== value);
  return lost === undefined ? null : `${path} changes the snapshot ${JSON.stringify(lost[0])}; ${remedy}`;
}

/** One `exports[…] = …;`, as Jest and Vitest write and run it; a value that would run code is none. */
const exported = /^exports\[`((?:\\.|\$(?!\{)|[^`\\$])*)`\] = `((?:\\.|\$(?!\{)|[^`\\$])*)`;$/gm;

const syrupy = /^# name: (.*)\n((?:(?!# ---|# name: ).*\n)*)# ---$/gm;

/** Name → value, for files that hold many snapshots; null for one that is a snapshot as a whole. */
function entriesOf(path: string, text: string): ReadonlyMap<string, string> | null {
  const plain = text.replaceAll("\r\n", "\n");
  const pattern = path.endsWith(".ambr") ? syrupy : exported;
  const entries = new Map<string, string>();
  for (const [, name = "", value = ""] of plain.matchAll(pattern)) entries.set(name, value);
  return entries.size === 0 ? null : entries;
}

function hasForeignCode(path: string, text: string): boolean {
  if (!path.endsWith(".snap") || !/^exports\[/m.test(text)) return false;
  const rest = text
    .replaceAll("\r\n", "\n")
    .replaceAll(exported, "")
    .replaceAll(/^\/\/.*$/gm, "");
  return rest.trim() !== "";
}
