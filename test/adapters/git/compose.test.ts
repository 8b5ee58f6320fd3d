/** Composing where git fails for reasons of its own: what passes is no fault of the change's. */
import { expect, it } from "vitest";
import { compose } from "../../../src/adapters/git/compose.ts";
import type { Git } from "../../../src/adapters/git/git.ts";
import { commitSha } from "../../../src/core/ids.ts";
import { RalphError } from "../../../src/errors.ts";
import { createRepository, openParts } from "../../support/repository.ts";

/** A git of which some calls cannot be started: those `update-index` whose number is named. */
function failing(git: Git, numbers: readonly number[]): Git {
  let calls = 0;
  return {
    ...git,
    run(args, options) {
      if (args[0] === "update-index" && numbers.includes((calls += 1)))
        return Promise.reject(new RalphError("git-failed", "git could not be started"));
      return git.run(args, options);
    },
  };
}

it.each([
  ["lands a change although git could not be started once", [1], { kind: "composed" }],
  [
    "refuses a change with which git fails again and again, and works without it",
    [1, 3],
    { kind: "refused" },
  ],
] as const)("%s", async (_title, numbers, outcome) => {
  using repository = createRepository({ a: "one\n" });
  const base = commitSha(repository.git("rev-parse", "HEAD"));
  const change = commitSha(repository.commit("Change", { b: "two\n" }));
  using parts = openParts(`${repository.path}/.git`);
  const files = new Map([["PROGRESS.md", "# Progress\n"]]);
  const order = { onto: base, change, files, message: "Do it\n" };
  expect(await compose(failing(parts.git, numbers), order, false)).toMatchObject(outcome);
});

it("says so where git fails without the change, too", async () => {
  using repository = createRepository({ a: "one\n" });
  const base = commitSha(repository.git("rev-parse", "HEAD"));
  const change = commitSha(repository.commit("Change", { b: "two\n" }));
  using parts = openParts(`${repository.path}/.git`);
  const order = { onto: base, change, files: new Map([["PROGRESS.md", "x\n"]]), message: "Do it\n" };
  await expect(compose(failing(parts.git, [1, 2]), order, false)).rejects.toThrow("could not be started");
});
