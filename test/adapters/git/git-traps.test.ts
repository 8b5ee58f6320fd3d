/** Booby traps: programs that git would run for whoever can write its configuration. None may ever run. */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commitSha, taskId } from "../../../src/core/ids.ts";
import {
  createRepository,
  makeFolder,
  openParts,
  prepareWorkspace,
  runGit,
  sealChange,
  type TestRepository,
} from "../../support/repository.ts";

const parts = (repository: { readonly path: string }) => openParts(join(repository.path, ".git"));

/** A git directory that writes the marker at anything git could do in it. */
function plantTrap(gitDir: string, marker: string): void {
  const trap = join(gitDir, "trap.sh");
  writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> ${marker}\ncat\n`, { mode: 0o755 });
  mkdirSync(join(gitDir, "hooks"), { recursive: true });
  for (const hook of ["post-checkout", "post-index-change", "pre-commit", "reference-transaction"]) {
    writeFileSync(join(gitDir, "hooks", hook), `#!/bin/sh\necho ${hook} >> ${marker}\n`, { mode: 0o755 });
  }
  for (const [key, value] of [
    ["core.fsmonitor", trap],
    ["core.hooksPath", join(gitDir, "hooks")],
    ["core.sshCommand", trap],
    ["core.pager", trap],
    ["core.alternateRefsCommand", trap],
    ["diff.external", trap],
    ["filter.evil.clean", trap],
    ["filter.evil.smudge", trap],
    ["filter.evil.process", trap],
    ["gpg.program", trap],
    ["alias.status", `!${trap}`],
  ] as const)
    runGit(gitDir, ["config", "--file", join(gitDir, "config"), key, value]);
}

/** A repository with a populated submodule at `vendor/lib`. */
function withSubmodule(): { readonly repository: TestRepository; readonly library: TestRepository } {
  const library = createRepository({ "lib.txt": "1\n" });
  const repository = createRepository({ a: "1\n", "deep/file": "1\n" });
  repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.path, "vendor/lib");
  repository.commit("With submodule");
  return { repository, library };
}

const gitlink = (repository: TestRepository, commit: string): string =>
  repository.git("ls-tree", commit, "vendor/lib");

it("runs nothing that a workspace, a nested repository or a submodule configures", async () => {
  const { repository, library } = withSubmodule();
  using _ = repository;
  using __ = library;
  using open = parts(repository);
  const folder = makeFolder("marker");
  const marker = join(folder, "marker");
  const base = repository.git("rev-parse", "HEAD");
  const workspace = await prepareWorkspace(open, base);
  const top = workspace.path;
  plantTrap(join(top, ".git"), marker);
  // The trap is live: git in the workspace would run it.
  runGit(top, ["-c", "core.fsmonitor=false", "update-index", "--refresh", "--force-write-index"]);
  expect(existsSync(marker)).toBe(true);
  rmSync(marker);
  runGit(top, ["clone", "-q", library.path, "vendor/lib"]);
  plantTrap(join(top, "vendor/lib/.git"), marker);
  writeFileSync(join(top, "vendor/lib/lib.txt"), "changed\n");
  mkdirSync(join(top, "sub/nested"), { recursive: true });
  runGit(join(top, "sub/nested"), ["init", "-q"]);
  runGit(join(top, "sub/nested"), ["commit", "-q", "--allow-empty", "-m", "x"]);
  plantTrap(join(top, "sub/nested/.git"), marker);
  writeFileSync(join(top, "deep/file"), "2\n");
  runGit(join(top, "deep"), ["init", "-q"]);
  runGit(join(top, "deep"), ["commit", "-q", "--allow-empty", "-m", "x"]);
  plantTrap(join(top, "deep/.git"), marker);
  writeFileSync(join(top, ".gitattributes"), "* filter=evil diff=evil merge=evil\n");
  writeFileSync(join(top, "a"), "2\n");
  const commit = (await sealChange(workspace, (path) => path === "a")) ?? "";
  expect(existsSync(marker)).toBe(false);
  expect(repository.git("cat-file", "blob", `${commit}:deep/file`)).toBe("2");
  expect(gitlink(repository, commit)).toBe(gitlink(repository, base));
  // The nested repository is told to the guard, which refuses it.
  const changed = await open.target.changedPaths(commitSha(base), commitSha(commit));
  expect(changed.find(({ path }) => path === "sub/nested")?.mode).toBe("160000");

  const laidOut = await open.workspaces.layOut(commitSha(commit), false);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  plantTrap(join(laidOut.checkout.path, ".git"), marker);
  for (const path of ["vendor/lib", "sub/nested"]) {
    runGit(laidOut.checkout.path, ["clone", "-q", library.path, path]);
    plantTrap(join(laidOut.checkout.path, path, ".git"), marker);
  }
  expect(await laidOut.checkout.changedPaths()).toEqual([]);
  await laidOut.checkout[Symbol.asyncDispose]();
  await workspace.release();
  expect(existsSync(marker)).toBe(false);
  rmSync(folder, { recursive: true });
});

it("leaves a submodule as it is when the agent populates, empties, deletes or replaces it", async () => {
  const { repository, library } = withSubmodule();
  using _ = repository;
  using __ = library;
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  for (const spoil of [
    (path: string) => runGit(path, ["clone", "-q", library.path, "."]),
    (path: string) => rmSync(path, { recursive: true }),
    (path: string) => rmSync(join(path, ".."), { recursive: true }),
    (path: string) => (rmSync(path, { recursive: true }), writeFileSync(path, "a file\n")),
    (path: string) => writeFileSync(join(path, "loose"), "1\n"),
    (path: string) => (
      runGit(path, ["init", "-q"]),
      runGit(path, ["commit", "-q", "--allow-empty", "-m", "x"])
    ),
    (path: string) => (rmSync(path, { recursive: true }), symlinkSync("/", path)),
  ]) {
    const workspace = await prepareWorkspace(open, base);
    spoil(join(workspace.path, "vendor/lib"));
    expect(await sealChange(workspace)).toBeNull();
    writeFileSync(join(workspace.path, "a"), "2\n");
    expect(gitlink(repository, (await sealChange(workspace)) ?? "")).toBe(gitlink(repository, base));
    await workspace.release();
  }
});

it("deletes nothing outside the workspace when a folder above a submodule became a link", async () => {
  const { repository, library } = withSubmodule();
  using _ = repository;
  using __ = library;
  using open = parts(repository);
  const outside = makeFolder("outside");
  mkdirSync(join(outside, "lib"));
  writeFileSync(join(outside, "lib/precious"), "1\n");
  const workspace = await prepareWorkspace(open, repository.git("rev-parse", "HEAD"));
  rmSync(join(workspace.path, "vendor"), { recursive: true });
  symlinkSync(outside, join(workspace.path, "vendor"));
  const commit = (await sealChange(workspace)) ?? "";
  expect(readFileSync(join(outside, "lib/precious"), "utf8")).toBe("1\n");
  expect(repository.git("ls-tree", "--format=%(objectmode)", commit, "vendor")).toBe("120000");
  rmSync(outside, { recursive: true });
});

it("writes nothing through links when it puts the supervisor's paths back", async () => {
  using repository = createRepository({ "tasks/t.md": "t\n" });
  using open = parts(repository);
  const outside = makeFolder("outside");
  writeFileSync(join(outside, "t.md"), "precious\n");
  const workspace = await prepareWorkspace(open, repository.git("rev-parse", "HEAD"));
  rmSync(join(workspace.path, "tasks"), { recursive: true });
  symlinkSync(outside, join(workspace.path, "tasks"));
  await sealChange(workspace, (path) => path.startsWith("tasks/"));
  expect(readFileSync(join(outside, "t.md"), "utf8")).toBe("precious\n");
  expect(lstatSync(join(workspace.path, "tasks")).isDirectory()).toBe(true);
  rmSync(outside, { recursive: true });
});

it("lands without running the repository's hooks or fsmonitor", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const folder = makeFolder("marker");
  plantTrap(join(repository.path, ".git"), join(folder, "marker"));
  const candidate = await open.candidate(await open.target.tip(), { a: "2\n" });
  const order = { candidate, attempt: 1, kind: "record", seen: { file: "t", text: "" } } as const;
  expect(await open.target.land({ ...order, task: taskId("t") })).toEqual({ kind: "landed" });
  expect(readFileSync(join(repository.path, "a"), "utf8")).toBe("2\n");
  expect(existsSync(join(folder, "marker"))).toBe(false);
  rmSync(folder, { recursive: true });
});
