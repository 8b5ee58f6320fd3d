/** The guard looks at what would land, with a real git: what a merge or a link makes of an innocent change. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commitSha, type CommitSha } from "../../src/core/ids.ts";
import { parseConfig } from "../../src/formats/config.ts";
import { guardCandidate } from "../../src/supervisor/guarding.ts";
import { taskOf } from "../core/driver.ts";
import { createRepository, openParts, type TestRepository } from "../support/repository.ts";

const config = parseConfig(
  "gates: [{ name: tests, run: 'true' }]\nprotect: [locked.txt]\n",
  "ralph.config.yaml",
);

/** What the guard says of a change on `base`, landing on `onto`. */
async function guard(
  repository: TestRepository,
  base: string,
  change: string,
  onto = base,
): Promise<string | null> {
  using open = openParts(join(repository.path, ".git"));
  const order = { onto: commitSha(onto), change: commitSha(change), files: new Map(), message: "x" };
  const composed = await open.target.compose(order);
  if (composed.kind === "conflict") throw new Error(`conflict in ${composed.paths.join(", ")}`);
  const scope = { config, ports: { target: open.target } };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the guard asks for nothing else
  return await guardCandidate(scope as never, taskOf("t"), composed.candidate);
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
  expect(await guard(repository, base, change, onto)).toContain(".github/build.yml is protected");
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

it("lets the supervisor's own files be, which no agent wrote", async () => {
  using repository = createRepository({ "PROGRESS.md": "# Progress\n", "tasks/t.md": "# T\n" });
  const base = repository.git("rev-parse", "HEAD");
  const change = changeOn(repository, base, { "PROGRESS.md": "# Progress\n\nMore.\n", "src/a.txt": "1\n" });
  expect(await guard(repository, base, change)).toBeNull();
});
