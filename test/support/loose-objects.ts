/** A repository that is full of loose objects by git's own measure, without thousands of files. */
import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, type TestRepository } from "./repository.ts";

const nameOf = (text: string): string =>
  createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");

/** Texts whose names begin alike: git looks at one folder and reckons that the other 255 are as full. */
function textsIn17(count: number): readonly string[] {
  const found: string[] = [];
  for (let i = 0; found.length < count; i += 1)
    if (nameOf(`text ${i}\n`).startsWith("17")) found.push(`text ${i}\n`);
  return found;
}

/** Blobs that no commit knows, as what is about to be sealed. Returns their names; 28 are too many for git. */
export function addLooseObjects(repository: TestRepository, count: number): readonly string[] {
  const folder = makeFolder("texts");
  const texts = textsIn17(count);
  for (const [i, text] of texts.entries()) writeFileSync(join(folder, `${i}`), text);
  repository.git("hash-object", "-w", ...texts.map((_, i) => join(folder, `${i}`)));
  return texts.map(nameOf);
}

export const looseObjectsOf = ({ path }: Pick<TestRepository, "path">): number =>
  readdirSync(join(path, ".git/objects"), { recursive: true, encoding: "utf8" }).filter((file) =>
    /^[0-9a-f]{2}\/[0-9a-f]{38}$/.test(file),
  ).length;
