/**
 * Takes out one protection at a time, in a copy of the repository, and runs the test that has to notice:
 * `npm run mutants`, or `npm run mutants -- <name> …`. Exits with 1 when a mutant survives.
 *
 * The named test must be green without the mutant and fail with it; a mutant that cannot even be loaded proves nothing.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants } from "./mutants/list.ts";
import type { Edit, Mutant } from "./mutants/mutant.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
/** A test that hangs is ended by its own limit; this is for what hangs beside it. */
const runMsMax = 5 * 60_000;

interface Scratch extends Disposable {
  /** The copy of the repository. */
  readonly copy: string;
  /** For temporary files of the tests: those of a failed test are often left. */
  readonly temporary: string;
}

function openScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  const [copy, temporary] = [join(folder, "copy"), join(folder, "tmp")];
  mkdirSync(temporary);
  const listed = spawnSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: top,
    encoding: "utf8",
  });
  if (listed.status !== 0) throw new Error(`git cannot list the files of ${top}: ${listed.stderr}`);
  for (const file of listed.stdout.split("\0").filter((name) => name !== ""))
    cpSync(join(top, file), join(copy, file), { force: false });
  symlinkSync(join(top, "node_modules"), join(copy, "node_modules"));
  return {
    copy,
    temporary,
    [Symbol.dispose]() {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A test that is killed by a mutant's hanging does not take its small disk away. */
function unmountBelow(folder: string): void {
  const mounts = process.platform === "linux" ? readFileSync("/proc/self/mounts", "utf8").split("\n") : [];
  for (const place of mounts.map((line) => line.split(" ")[1] ?? ""))
    if (place.startsWith(`${folder}/`)) spawnSync("umount", ["-l", place], { stdio: "ignore" });
}

/** Returns how to take it back. */
function apply({ copy }: Scratch, edits: readonly Edit[]): Disposable {
  const before = new Map(edits.map(({ file }) => [file, readFileSync(join(copy, file), "utf8")]));
  const after = new Map(before);
  for (const { file, find, replace } of edits) {
    const [start, end, ...more] = (after.get(file) ?? "").split(find);
    if (end === undefined || more.length > 0)
      throw new Error(`${file} does not have this exactly once: ${find}`);
    after.set(file, `${start}${replace}${end}`);
  }
  const write = (files: ReadonlyMap<string, string>): void =>
    files.forEach((text, file) => writeFileSync(join(copy, file), text));
  write(after);
  return { [Symbol.dispose]: () => write(before) };
}

interface Tests {
  readonly passed: number;
  readonly failed: number;
}

/** Null when the tests could not be run to their end. */
function runTest({ copy, temporary }: Scratch, { file, title }: Mutant["killedBy"]): Tests | null {
  const results = join(temporary, "results.json");
  rmSync(results, { force: true });
  const pattern = title.replaceAll(/[.[\]{}()*+?^$|\\/]/g, "\\$&");
  const vitest = join(copy, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", file, "-t", pattern, "--reporter=json", `--outputFile=${results}`];
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path, TMPDIR: temporary };
  spawnSync(process.execPath, args, { cwd: copy, env, stdio: "ignore", timeout: runMsMax });
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what vitest writes
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, "utf8")) as Record<
      string,
      number
    >;
    return { passed: numPassedTests ?? 0, failed: numFailedTests ?? 0 };
  } catch {
    return null;
  }
}

function isLoadable({ copy }: Scratch, edits: readonly Edit[]): boolean {
  const imports = edits.map(({ file }) => `await import(${JSON.stringify(join(copy, file))});`).join("");
  return spawnSync(process.execPath, ["--input-type=module", "-e", imports], { cwd: copy }).status === 0;
}

/** Null when the mutant was killed, else what happened. */
function tryMutant(scratch: Scratch, { edits, killedBy }: Mutant): string | null {
  const healthy = runTest(scratch, killedBy);
  if (healthy === null || healthy.failed > 0 || healthy.passed === 0)
    return `proves nothing: ${killedBy.file} "${killedBy.title}" is not green without it`;
  using _applied = apply(scratch, edits);
  if (!isLoadable(scratch, edits)) return "proves nothing: the mutant cannot be loaded";
  const mutated = runTest(scratch, killedBy);
  if (mutated === null) return "proves nothing: the test did not come to its end";
  return mutated.failed > 0 ? null : `survived ${killedBy.file} "${killedBy.title}"`;
}

function run(names: readonly string[]): number {
  const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (unknown.length > 0) {
    console.error(`There is no mutant ${unknown.join(", ")}; they stand in docs/mutants.md.`);
    return 2;
  }
  using scratch = openScratch();
  const wanted = mutants.filter(({ name }) => names.length === 0 || names.includes(name));
  let left = 0;
  for (const mutant of wanted) {
    const trouble = tryMutant(scratch, mutant);
    if (trouble !== null) left += 1;
    console.log(`${mutant.name}: ${trouble ?? "killed"}`);
  }
  console.log(`${wanted.length - left} of ${wanted.length} mutants killed`);
  return left === 0 ? 0 : 1;
}

process.exitCode = run(process.argv.slice(2));
