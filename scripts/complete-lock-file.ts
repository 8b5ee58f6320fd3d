/**
 * Adds the platform packages to package-lock.json that a partial registry mirror leaves out: without them `npm ci`
 * refuses the lock file. On a complete registry it changes nothing. Run it after `npm install`.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

const file = new URL("../package-lock.json", import.meta.url);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own file
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };

const systems = [
  "linux",
  "darwin",
  "win32",
  "freebsd",
  "openbsd",
  "netbsd",
  "android",
  "sunos",
  "aix",
  "openharmony",
];
const processors = [
  "x64",
  "arm64",
  "arm",
  "ia32",
  "ppc64",
  "s390x",
  "riscv64",
  "loong64",
  "mips64el",
  "wasm32",
];
const found = (words: readonly string[], name: string): string[] =>
  words.filter((word) => new RegExp(`[-/]${word}(-|$)`).test(name));

let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    // Only exact versions: a platform package is pinned by the package it belongs to.
    if (lock.packages[path] !== undefined || !/^\d/.test(range)) continue;
    const os = found(systems, name);
    const cpu = found(processors, name);
    lock.packages[path] = {
      version: range,
      ...(cpu.length === 0 ? {} : { cpu }),
      ...(parent.dev === true ? { dev: true } : {}),
      optional: true,
      ...(os.length === 0 ? {} : { os }),
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`added ${added} entries\n`);
