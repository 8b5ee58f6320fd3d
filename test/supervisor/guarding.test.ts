/** The guard looks at what would land, with a real git: what a merge or a link makes of an innocent change. */
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createSecretScan } from "../../src/adapters/secret-scan.ts";
import { commitSha, type CommitSha } from "../../src/core/ids.ts";
import { parseConfig } from "../../src/formats/config.ts";
import { guardCandidate } from "../../src/supervisor/guarding.ts";
import { taskOf } from "../core/driver.ts";
import { createRepository, openParts, type TestRepository } from "../support/repository.ts";
import { createWorld } from "../support/world.ts";

const config = parseConfig(
  "gates: [{ name: tests, run: 'npm test && sh tools/gate.sh && python3 ci/check.py' }]\nprotect: [locked.txt]\n",
  "ralph.config.yaml",
);
const secrets = createSecretScan();

/** What the guard says of a change on `base`, landing on `onto`. */
async function guard(
  repository: TestRepository,
  base: string,
  change: string,
  { onto = base, allow = [] }: { readonly onto?: string; readonly allow?: readonly string[] } = {},
): Promise<string | null> {
  using open = openParts(join(repository.path, ".git"));
  const order = { onto: commitSha(onto), change: commitSha(change), files: new Map(), message: "x" };
  const composed = await open.target.compose(order);
  if (composed.kind !== "composed") throw new Error(JSON.stringify(composed));
  const scope = { config, ports: { target: open.target, secrets } };
  return await guardCandidate(scope, taskOf("t", { allow }), composed.candidate);
}

/** A commit on `base` that the branch does not move to. */
function changeOn(
  repository: TestRepository,
  base: string,
  files: Readonly<Record<string, string>>,
): CommitSha {
  repository.git("checkout", "-q", "--detach", base);
  const commit = repository.commit("Change", files);
  repository.git("checkout", "-q", "main");
  return commitSha(commit);
}

it("refuses a change that a rename on the target carries to a protected path", async () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join("");
  using repository = createRepository({ "ci/build.yml": lines });
  const base = repository.git("rev-parse", "HEAD");
  const change = changeOn(repository, base, { "ci/build.yml": `${lines}evil\n` });
  expect(await guard(repository, base, change)).toBeNull();
  mkdirSync(join(repository.path, ".github"));
  repository.git("mv", "ci/build.yml", ".github/build.yml");
  const onto = repository.commit("A person moves it");
  expect(await guard(repository, base, change, { onto })).toContain(".github/build.yml is protected");
});

it("refuses a link that leads out through another link", async () => {
  using repository = createRepository({ "src/a.txt": "1\n", "deep/1/2/3/keep": "" });
  const base = repository.git("rev-parse", "HEAD");
  symlinkSync("../../../..", join(repository.path, "deep/1/2/3/up"));
  const inside = repository.commit("A link to the top");
  expect(await guard(repository, base, inside)).toBeNull();
  symlinkSync("../deep/1/2/3/up/../outside.txt", join(repository.path, "src/link"));
  const outside = repository.commit("A link through it");
  const reason = "src/link is a symbolic link out of the repository (to ../deep/1/2/3/up/../outside.txt)";
  expect(await guard(repository, inside, outside)).toBe(reason);
});

it("refuses to take away a link without which another one leads out", async () => {
  using repository = createRepository({ "a/b/c/keep": "" });
  symlinkSync("a/b/c", join(repository.path, "deep"));
  symlinkSync("deep/../../../outside.txt", join(repository.path, "link"));
  const inside = repository.commit("A link by way of another");
  repository.git("rm", "-q", "deep");
  const outside = repository.commit("The way is gone");
  const reason = "link is a symbolic link out of the repository (to deep/../../../outside.txt)";
  expect(await guard(repository, inside, outside)).toBe(reason);
});

it("compares a package.json with the one of the base", async () => {
  using repository = createRepository({ "package.json": '{ "scripts": { "test": "vitest run" } }\n' });
  const base = repository.git("rev-parse", "HEAD");
  const plain = '{ "scripts": { "test": "vitest run" }, "dependencies": { "a": "1" } }\n';
  expect(await guard(repository, base, changeOn(repository, base, { "package.json": plain }))).toBeNull();
  const weak = '{ "scripts": { "test": "true" } }\n';
  expect(await guard(repository, base, changeOn(repository, base, { "package.json": weak }))).toContain(
    'package.json changes "scripts.test"',
  );
});

it("lets the supervisor's own files be, which no agent wrote", async () => {
  using repository = createRepository({ "PROGRESS.md": "# Progress\n", "tasks/t.md": "# T\n" });
  const base = repository.git("rev-parse", "HEAD");
  const change = changeOn(repository, base, { "PROGRESS.md": "# Progress\n\nMore.\n", "src/a.txt": "1\n" });
  expect(await guard(repository, base, change)).toBeNull();
});

const testText = 'it("adds", () => {\n  expect(add(1, 2)).toBe(3);\n});\n';
const token = `ghp_${"aB3dE6gH9j".repeat(4).slice(0, 36)}`;

it("tells all that is wrong with a change at once, so that one round can mend it", async () => {
  using repository = createRepository({
    "package.json": '{ "scripts": { "test": "node check.mjs" } }\n',
    "pyproject.toml": "[project]\nname = 'x'\n",
    "check.mjs": "1\n",
    "tools/gate.sh": "true\n",
    "src/add.ts": "export {};\n",
    "test/add.test.ts": testText,
    "test/__snapshots__/a.snap": "one\n",
  });
  const base = repository.git("rev-parse", "HEAD");
  const change = changeOn(repository, base, {
    "package.json": '{ "scripts": { "test": "true" } }\n',
    "pyproject.toml": "[project]\nname = 'x'\n[tool.ruff]\nselect = []\n",
    "check.mjs": "2\n",
    "tools/gate.sh": "false\n",
    "test/add.test.ts": testText.replace("it(", "it.skip("),
    "test/__snapshots__/a.snap": "two\n",
    "src/add.ts": `// @ts-ignore\nexport const key = "${token}";\n`,
    "src/Add.ts": "\0",
    ".gitignore": "*.test.ts\n",
    "locked.txt": "x\n",
  });
  const told = (await guard(repository, base, change)) ?? "";
  expect(told.split("; ").filter((part) => !/^(put|take|mend|choose)/.test(part))).toEqual([
    "locked.txt is protected",
    expect.stringMatching(/^src\/Add\.ts clashes with add\.ts/),
    expect.stringMatching(/^src\/add\.ts:2 holds a secret \(GITHUB_TOKEN\)/),
    expect.stringMatching(/^\.gitignore hides test\/add\.test\.ts/),
    "check.mjs is what the gate tests runs",
    "and 7 more",
  ]);
  expect(told).not.toContain(token);
  const allow = ["locked.txt", ".gitignore", "check.mjs", "package.json", "pyproject.toml"];
  const rest = (await guard(repository, base, change, { allow: [...allow, "tools/gate.sh"] })) ?? "";
  for (const part of [
    "test/__snapshots__/a.snap is a snapshot and was changed",
    "test/add.test.ts:1 skips a test",
    "src/Add.ts is binary",
  ]) {
    expect(rest).toContain(part);
  }
  const most = (await guard(repository, base, change, { allow: ["**"] })) ?? "";
  expect(most).toMatch(
    /^src\/Add\.ts clashes with add\.ts[^;]*; [^;]*; src\/add\.ts:2 holds a secret [^;]*; [^;]*$/,
  );
});

it("follows a gate's script into the files that it loads, from one to the next", async () => {
  using repository = createRepository({
    "tools/gate.sh": '. "$(dirname "$0")/env.sh"\nnode tools/check.mjs\n',
    "tools/env.sh": "source tools/more.sh\n",
    "tools/more.sh": "true\n",
    "tools/other.sh": "true\n",
    "package.json": '{ "scripts": { "test": "node scripts/check.mjs" } }\n',
    "scripts/check.mjs": 'import "./rules.mjs";\nimport { parse } from "../src/parse.mjs";\n',
    "scripts/rules.mjs": 'import "./rules.mjs";\nrequire("./check.mjs", "./data");\nrequire("./data");\n',
    "scripts/data.json": "{}\n",
    "src/parse.mjs": "export {};\n",
    "ci/check.py": "import yaml\n",
  });
  const base = repository.git("rev-parse", "HEAD");
  const told = (path: string, allow: readonly string[] = []): Promise<string | null> =>
    guard(repository, base, changeOn(repository, base, { [path]: "// new\n" }), { allow });
  for (const path of ["tools/env.sh", "tools/more.sh", "scripts/rules.mjs", "scripts/data.json"]) {
    expect(await told(path)).toContain(`${path} is what the gate tests runs`);
    expect(await told(path, [path])).toBeNull();
  }
  // It would be loaded in place of data.json.
  expect(await told("scripts/data.js")).toContain("scripts/data.js is what the gate tests runs");
  // And this one in place of an installed package.
  expect(await told("ci/yaml.py")).toContain("ci/yaml.py is what the gate tests runs");
  expect(await told("src/parse.mjs")).toBeNull();
  expect(await told("tools/other.sh")).toBeNull();
  expect(await told("scripts/new.mjs")).toBeNull();
});

it("follows no further than fifty files, and not what a change would add to a script", async () => {
  const chain = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`tools/part-${i}.sh`, `source tools/part-${i + 1}.sh\n`]),
  );
  using repository = createRepository({ "tools/gate.sh": "source tools/part-0.sh\n", ...chain });
  const base = repository.git("rev-parse", "HEAD");
  const told = (path: string): Promise<string | null> =>
    guard(repository, base, changeOn(repository, base, { [path]: "# new\n" }));
  expect(await told("tools/part-49.sh")).toContain("is what the gate tests runs");
  expect(await told("tools/part-50.sh")).toBeNull();
  const both = { "tools/gate.sh": "source tools/own.sh\n", "tools/own.sh": "true\n" };
  const change = await guard(repository, base, changeOn(repository, base, both));
  expect(change).toMatch(/^tools\/gate\.sh is what the gate tests runs[^;]*; [^;]*$/);
});

it("refuses signs of the runner and files in the way of modules, unless they are allowed", async () => {
  using repository = createRepository({ "src/add.ts": "export {};\n" });
  const base = repository.git("rev-parse", "HEAD");
  const change = changeOn(repository, base, {
    "src/add.ts": "export const isTested = process.env.VITEST;\n",
    "random.py": "x = 1\n",
    "test/world.ts": "export const isTested = process.env.VITEST;\n",
  });
  const told = (await guard(repository, base, change)) ?? "";
  expect(told).toMatch(
    /^random\.py would be loaded [^;]*; [^;]*; src\/add\.ts:1 names what only [^;]*; [^;]*$/,
  );
  expect(await guard(repository, base, change, { allow: ["random.py", "src/**"] })).toBeNull();
  // Beside what a gate runs, whether or not that imports it itself.
  const beside = await guard(repository, base, changeOn(repository, base, { "ci/enum.py": "x = 1\n" }));
  expect(beside).toContain("ci/enum.py would be loaded in place of the Python module enum");
});

it("lets honest work pass: sources, tests, dependencies, fixtures, snapshots, moved sources", async () => {
  using repository = createRepository({
    "package.json": '{ "scripts": { "test": "vitest run" }, "dependencies": {} }\n',
    "Cargo.toml": '[package]\nname = "x"\n',
    "src/old.ts": `// @ts-ignore\nexport const local = "${token}";\nexport const a = 1;\n`,
    "test/add.test.ts": testText,
    ".gitignore": "node_modules\n",
  });
  const base = repository.git("rev-parse", "HEAD");
  repository.git("checkout", "-q", "--detach");
  mkdirSync(join(repository.path, "src/moved"));
  renameSync(join(repository.path, "src/old.ts"), join(repository.path, "src/moved/new.ts"));
  const change = repository.commit("Work", {
    "package.json": '{ "scripts": { "test": "vitest run" }, "dependencies": { "a": "1" } }\n',
    "package-lock.json": "{}\n",
    "Cargo.toml": '[package]\nname = "x"\n[dependencies]\na = "1"\n',
    "Cargo.lock": "\n",
    "src/add.ts": "export const add = (a, b) => a + b;\n",
    "test/add.test.ts": `${testText}${testText.replace("adds", "adds more")}`.replace("3", "4"),
    "test/more.test.ts": testText,
    "test/fixtures/words.json": "[1]\n",
    "test/__snapshots__/b.snap": "x\n",
    "docs/logo.png": "\0PNG",
    ".gitignore": "node_modules\ncoverage/\n",
    ".gitattributes": "*.png -diff\n",
  });
  expect(await guard(repository, base, change)).toBeNull();
});

it("says where a test went, and does not take a link or a folder in its place", async () => {
  using repository = createRepository({
    "test/add.test.ts": testText,
    "test/b.test.ts": `${testText}// b\n`,
  });
  const base = repository.git("rev-parse", "HEAD");
  repository.git("mv", "test/add.test.ts", "test/old.txt");
  rmSync(join(repository.path, "test/b.test.ts"));
  symlinkSync("old.txt", join(repository.path, "test/b.test.ts"));
  const change = repository.commit("Hide");
  const told = (await guard(repository, base, change)) ?? "";
  expect(told).toContain("test/add.test.ts holds tests and was renamed to test/old.txt; ");
  expect(told).toContain("test/b.test.ts holds tests and was removed; ");
});

it("looks at every file of a large change, and reads a manifest with a byte order mark", async () => {
  const manifest = '\uFEFF{ "scripts": { "test": "vitest run" } }\n';
  using repository = createRepository({ "z/package.json": manifest });
  const base = repository.git("rev-parse", "HEAD");
  const many = Array.from({ length: 300 }, (_, at) => [`src/part-${at}.ts`, "export {};\n"] as const);
  const change = changeOn(repository, base, {
    ...Object.fromEntries(many),
    "z/last.test.ts": 'it.only("x", f);\n',
    "z/package.json": manifest.replace("vitest run", "true"),
  });
  expect(await guard(repository, base, change)).toMatch(
    /^z\/last\.test\.ts:1 runs some tests only; .*; z\/package\.json changes "scripts\.test", /,
  );
});

it("refuses what is too large, and reads none of it", async () => {
  using repository = createRepository({ a: "" });
  const base = repository.git("rev-parse", "HEAD");
  const change = changeOn(repository, base, {
    "a.json": "x".repeat(9 * 1024 * 1024),
    "b.lock": `\0${"x".repeat(2_000_000)}`,
  });
  const told = (await guard(repository, base, change)) ?? "";
  expect(told).toContain("a.json is 9.0 MiB large");
  expect(told).toContain("b.lock is binary");
  expect(await guard(repository, base, change, { allow: ["a.json", "b.lock"] })).toBeNull();
});

const oddPath = fc.constantFrom(
  ..."a.test.ts a.py conftest.py a_test.go a.rs T.java a_spec.rb aTest.php a.snap a.ambr package.json".split(
    " ",
  ),
  ..."pyproject.toml Cargo.toml .gitignore .gitattributes x/.gitignore".split(" "),
);
const oddWord = fc.constantFrom(
  ..."` ${ } ' \" / * # [ ] ( ) ^ ! ? . | + - : = \n \r \0 it. skip only [z-a] a{9".split(" "),
  " ",
);
const oddWords = fc.array(oddWord, { maxLength: 80 }).map((parts) => Buffer.from(parts.join("")));
const oddBytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), oddWords);

it("never fails on what is in a file, whatever it is", async () => {
  let told = 0;
  const side = fc.option(oddBytes);
  const property = fc.asyncProperty(oddPath, side, side, async (path, before, after) => {
    const contents = new Map([
      ["before", before],
      ["after", after],
    ]);
    const name = (which: string): string | null => (contents.get(which) === null ? null : which);
    const target = {
      changedPaths: async () => [
        {
          path,
          mode: after === null ? null : "100644",
          isNew: before === null,
          before: name("before"),
          after: name("after"),
        },
      ],
      readBlobs: async (names: readonly string[]) =>
        names.map((which) => ({
          bytes: contents.get(which)?.length ?? 0,
          content: contents.get(which) ?? null,
        })),
      readFile: async () => Buffer.from(before ?? []).toString(),
      readLinks: async () => new Map(),
      listFolder: async () => [path, "b"],
      listFiles: async () => ["src/a.ts", path],
    };
    const scope = { config, ports: { target, secrets } };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    const reason = await guardCandidate(scope as never, taskOf("t"), { commit: "c", base: "b" } as never);
    if (reason !== null) told += 1;
  });
  await fc.assert(property, { numRuns: 1_000 });
  expect(told).toBeGreaterThan(100);
});

it("refuses in a run before any gate, and the agent can read why", async () => {
  await using world = await createWorld({
    tasks: ["deletes", "leaks", "skips"],
    agent: { deletes: "deletes-a-test", leaks: "writes-a-secret", skips: "skips-a-test" },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  const whys = ["deletes", "leaks", "skips"].map((task) => world.events(task).split("\n").at(-1));
  expect(whys.join("\n")).toMatchInlineSnapshot(`
    "blocked: test/words.test.mjs holds tests and was removed; put it back, or the task must allow it (allow: ["test/words.test.mjs"])
    blocked: src/key.mjs:2 holds a secret (GITHUB_TOKEN); take it out, and revoke it if it is real; src/key.mjs:1 silences a tool (eslint-disable); mend what it tells, or the task must allow it (allow: ["src/key.mjs"])
    blocked: test/words.test.mjs:5 skips a test; take that out, or the task must allow it (allow: ["test/words.test.mjs"])"
  `);
  expect(world.redCommits()).toEqual([]);
  expect(world.landed().every((subject) => subject.startsWith("Give up "))).toBe(true);
});

it("warns of what a task allows and nobody used", async () => {
  await using world = await createWorld({
    tasks: { one: 'allow: ["tset/**", "src/one.mjs"]\nallow_tests: ["wrods > *", "*empty text"]' },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(run.lines.filter((line) => line.includes("allow"))).toEqual([
    "allow_tests of tasks/one.md names no test: wrods > *",
    "allow of tasks/one.md matches nothing that was changed: tset/**",
  ]);
});
