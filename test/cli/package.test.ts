/** What `npm pack` makes, laid out as npm does it with nothing but what its manifest asks for, and used. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { createRepository, gitEnvironment, makeFolder } from "../support/repository.ts";

const top = join(import.meta.dirname, "..", "..");
const user = makeFolder("package");
const installed = join(user, "node_modules", "ralphwright");
const starter = join(installed, "bin", "ralphwright.mjs");
const home = join(user, "home");

const call = (cwd: string, program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, {
    cwd,
    env: { PATH: process.env["PATH"], HOME: home, ...gitEnvironment },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own manifest
const manifest = JSON.parse(readFileSync(join(top, "package.json"), "utf8")) as Manifest;

beforeAll(() => {
  // In a copy: the checkout may have a build of its own.
  const copy = join(user, "copy");
  for (const part of [
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "bin",
    "src",
    "scripts",
    "docs",
  ])
    cpSync(join(top, part), join(copy, part), { recursive: true });
  symlinkSync(join(top, "node_modules"), join(copy, "node_modules"));
  mkdirSync(home);
  call(copy, "npm", "run", "build");
  call(copy, "npm", "pack", "--ignore-scripts", "--pack-destination", user);
  const archive = readdirSync(user).find((file) => file.endsWith(".tgz")) ?? "";
  mkdirSync(installed, { recursive: true });
  call(user, "tar", "-xzf", archive, "--strip-components=1", "-C", installed);
  for (const name of Object.keys(manifest.dependencies)) {
    const place = join(user, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(top, "node_modules", name), place);
  }
});

it("tells its version, and lands a task", () => {
  expect(call(user, process.execPath, starter, "--version").trim()).toBe(manifest.version);
  const repository = createRepository();
  repository.commit("Start", {
    "ralph.config.yaml": `agent: { command: 'echo done > done.txt' }\ngates: [{ name: check, run: 'true' }]\n`,
    "tasks/one.md": "---\ntitle: Do one\n---\n\nDo it.\n\n## Acceptance\n\n- It is done.\n",
  });
  call(repository.path, process.execPath, starter, "run", "--log", "json");
  expect(repository.git("log", "--format=%s", "-1")).toBe("Do one");
});

it("says what its demo needs, and plays a recording of it by its own agent", () => {
  expect(() => call(user, process.execPath, starter, "demo")).toThrow(
    /npm install --no-save typescript oxlint/,
  );
  const repository = createRepository();
  for (const part of ["project", "recordings"])
    cpSync(join(installed, "dist", "demo", part), join(repository.path, part === "project" ? "." : part), {
      recursive: true,
    });
  repository.commit("Start", {
    "ralph.config.yaml": `agent: { kind: replay, recordings: recordings }\ngates: [{ name: tests, run: node --test }]\n`,
  });
  // Status 4: the limit that was asked for is reached, and tasks are left.
  expect(() => call(repository.path, process.execPath, starter, "run", "--max-tasks", "1")).toThrow(
    expect.objectContaining({ status: 4 }),
  );
  expect(repository.git("log", "--format=%s", "-1")).toBe("Write minutes as hours and minutes");
});

it("is a library with types that need no more than its manifest asks for", () => {
  writeFileSync(join(user, "package.json"), '{ "type": "module" }\n');
  writeFileSync(
    join(user, "use.ts"),
    `import { parseAgentLine, parseConfig, parseTask, type Config } from "ralphwright";
const config: Config = parseConfig("gates: [{ name: check, run: 'true' }]", "ralph.config.yaml");
const gate: string = config.gates.map(({ name }) => name).join();
console.log(gate, parseAgentLine('{"type":"turn"}').type, typeof parseTask);
`,
  );
  const options = ["--module", "nodenext", "--target", "es2024", "--strict", "--noEmit", "--types", "node"];
  const types = ["--typeRoots", join(top, "node_modules", "@types")];
  call(user, join(top, "node_modules", ".bin", "tsc"), ...options, ...types, "use.ts");
  expect(call(user, process.execPath, "use.ts")).toBe("check turn function\n");
});

it("carries the licences of what it contains, and no sources, tests or maps", () => {
  const licences = readFileSync(join(installed, "dist", "licences.txt"), "utf8");
  for (const name of ["commander", "execa", "yaml", "zod", "@secretlint/core"])
    expect(licences).toMatch(new RegExp(`^${name} \\d`, "m"));
  const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
  const odd = files.filter((file) => /(?<!\.d)\.ts$|\.map$|\.test\./.test(file));
  expect(odd.filter((file) => !file.startsWith("dist/demo/"))).toEqual([]);
});
