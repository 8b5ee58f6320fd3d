/** The packages that a bundle contains, each with the text of its licence, which their authors ask to be passed on. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** `moduleIds`: absolute paths of files; those outside of `node_modules` are ours. A package without a licence is an error. */
export async function listLicences(moduleIds: readonly string[]): Promise<string> {
  const folders = new Set(moduleIds.flatMap((id) => packageFolder.exec(id)?.[0] ?? []));
  const entries = await Promise.all([...folders].map(licenceOf));
  return entries.toSorted().join(`\n${"-".repeat(80)}\n\n`);
}

async function licenceOf(folder: string): Promise<string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm has refused it if it is not
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = (await readdir(folder)).filter((file) => /^licen[cs]e/i.test(file));
  if (license === undefined && files.length === 0) throw new Error(`${name} ${version} has no licence`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return `${name} ${version} (${license ?? "see below"})\n\n${texts.map((text) => `${text.trim()}\n`).join("\n")}`;
}
