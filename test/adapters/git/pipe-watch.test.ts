/** Pipes that git would wait for: each of these hung it for ever. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { commitSha } from "../../../src/core/ids.ts";
import { createRepository, openParts, prepareWorkspace, sealChange } from "../../support/repository.ts";

const makePipe = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  spawnSync("mkfifo", [path]);
};

it.each([".gitignore", "folder/.gitattributes", "nested/.git/HEAD"])(
  "refuses a workspace in which git would wait for the pipe %s",
  async (name) => {
    using repository = createRepository({ a: "1\n" });
    using parts = openParts(join(repository.path, ".git"));
    const workspace = await prepareWorkspace(parts, repository.git("rev-parse", "HEAD"));
    mkdirSync(join(workspace.path, "nested", ".git", "refs"), { recursive: true });
    mkdirSync(join(workspace.path, "nested", ".git", "objects"));
    makePipe(join(workspace.path, name));
    writeFileSync(join(dirname(join(workspace.path, name)), "beside"), "2\n");
    const sealed = await workspace.seal({ message: "Change\n", isOurs: () => false });
    expect(sealed).toEqual({
      kind: "refused",
      reason: `git cannot take the workspace as it is: git would wait for ever for the pipe ${name}`,
    });
    await workspace.release();
  },
  20_000,
);

it("tells a pipe that a gate left where git waits for it as a change of the checkout", async () => {
  using repository = createRepository({ a: "1\n" });
  using parts = openParts(join(repository.path, ".git"));
  const laidOut = await parts.workspaces.layOut(commitSha(repository.git("rev-parse", "HEAD")), false);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  await using checkout = laidOut.checkout;
  makePipe(join(checkout.path, "folder", ".gitignore"));
  expect(await checkout.changedPaths()).toEqual([
    "git cannot take the workspace as it is: git would wait for ever for the pipe folder/.gitignore",
  ]);
}, 20_000);

it("takes a workspace with pipes that git does not read", async () => {
  using repository = createRepository({ a: "1\n" });
  using parts = openParts(join(repository.path, ".git"));
  const workspace = await prepareWorkspace(parts, repository.git("rev-parse", "HEAD"));
  makePipe(join(workspace.path, "pipe"));
  writeFileSync(join(workspace.path, "b"), "2\n");
  expect(await sealChange(workspace)).not.toBeNull();
  await workspace.release();
});
