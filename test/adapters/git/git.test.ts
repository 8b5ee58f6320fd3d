/** A call of git ends when git ends, whatever it leaves behind. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { createGit } from "../../../src/adapters/git/git.ts";
import { createRepository, makeFolder } from "../../support/repository.ts";

it("does not wait for what git has left in the background, such as a connection that is kept for later", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  const kept = ["-c", "alias.keep=!setsid sleep 300 & echo $!; echo trouble >&2; exit 3", "keep"];
  const { code, stdout, stderr } = await git.ask(kept);
  process.kill(Number(stdout), "SIGKILL");
  expect([code, stderr]).toEqual([3, "trouble\n"]);
});
