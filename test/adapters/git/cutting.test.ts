/** Commands of git's that hang are ended when everything is to stop. */
import { chmodSync, existsSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createGit } from "../../../src/adapters/git/git.ts";
import { createGitRemote } from "../../../src/adapters/git/git-remote.ts";
import { addRemote } from "../../support/remote.ts";
import { createRepository, hasMemory, makeFolder } from "../../support/repository.ts";

it("ends a command of git's, and what it started", async () => {
  using repository = createRepository({ "a.txt": "a\n" });
  using remote = addRemote(repository);
  const folder = makeFolder("cutting");
  const program = join(folder, "hangs");
  // It says that it was reached, and then nothing more.
  writeFileSync(
    program,
    `#!/bin/sh\necho $$ > "${folder}/pid.new"; mv "${folder}/pid.new" "${folder}/pid"\nexec sleep 600\n`,
  );
  chmodSync(program, 0o755);
  repository.git("config", "remote.origin.uploadpack", program);
  using git = createGit(join(repository.path, ".git"), folder);
  const stop = new AbortController();
  const origin = createGitRemote(git, { name: "origin", branch: "main", signal: stop.signal });
  const watcher = watch(folder);
  const fetched = origin.fetch();
  const failed = fetched.then(() => "", String);
  while (!existsSync(join(folder, "pid"))) await once(watcher, "change");
  watcher.close();
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  expect(hasMemory(pid)).toBe(true);
  stop.abort();
  expect(await failed).toContain("origin cannot be reached: fatal: stopped before there was an answer");
  await expect.poll(() => hasMemory(pid)).toBe(false);
  // And nothing is begun afterwards.
  await expect(origin.fetch()).rejects.toThrow("stopped before there was an answer");
  expect(remote.subjects()).toEqual(["First commit"]);
  rmSync(folder, { recursive: true });
});

it("waits no longer between tries once it is to stop", async () => {
  using repository = createRepository({ "a.txt": "a\n" });
  const folder = makeFolder("cutting");
  const program = join(folder, "fails");
  writeFileSync(program, "#!/bin/sh\nexit 1\n");
  chmodSync(program, 0o755);
  using remote = addRemote(repository);
  repository.git("config", "remote.origin.uploadpack", program);
  using git = createGit(join(repository.path, ".git"), folder);
  const stop = new AbortController();
  const waits: number[] = [];
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    stop.abort();
    return Promise.resolve();
  };
  const origin = createGitRemote(git, { name: "origin", branch: "main", signal: stop.signal, wait });
  await expect(origin.fetch()).rejects.toThrow("origin cannot be reached");
  expect(waits).toHaveLength(1);
  expect(existsSync(remote.path)).toBe(true);
  rmSync(folder, { recursive: true });
});
