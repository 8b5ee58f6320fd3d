/** Trees and commits read object by object say the same as git's own commands. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { diffTrees, listBelow, readBlob, readCommit } from "../../../src/adapters/git/object-tree.ts";
import { commitSha } from "../../../src/core/ids.ts";
import { createRepository, openParts, type TestRepository } from "../../support/repository.ts";

/** `git diff-tree`, as text and in our words. */
function askGit(repository: TestRepository, from: string, to: string): readonly string[] {
  const fields = repository.git("diff-tree", "-r", "--raw", "-z", "--no-renames", from, to).split("\0");
  return fields.flatMap((field, i) =>
    i % 2 === 1 ? [`${(fields[i - 1] ?? "").slice(1).replace(/ \w$/, "")} ${field}`] : [],
  );
}

it("finds the changes that git finds: files, modes, links, folders that became files, submodules, any name", async () => {
  using repository = createRepository({
    same: "1",
    "same dir/x": "1",
    edited: "1",
    run: "1",
    gone: "1",
    "gone dir/deep/x": "1",
    "to dir": "1",
    "to file/x": "1",
    "to file/y": "1",
    "to file.txt": "1",
    "line\nfeed": "1",
    ü: "1",
    "to link": "1",
    sub: "1",
  });
  const script = `
    printf 2 > edited; chmod +x run; rm gone; rm -r 'gone dir' 'to dir' 'to file' 'to link' sub
    mkdir -p 'to dir/in' new/deep; printf 2 > 'to dir/in/x'; printf 2 > 'to file'; ln -s edited 'to link'
    printf 2 > new/deep/x; printf 2 > "$(printf 'line\\nfeed')"; printf 2 > ü; printf 2 > 'to file.txt'
    printf 1 > "$(printf 'caf\\351')"; printf 1 > "$(printf 'caf\\350')"
    git init -q sub; git -C sub commit -q --allow-empty -m x`;
  const identity = {
    GIT_AUTHOR_NAME: "T",
    GIT_AUTHOR_EMAIL: "t@e",
    GIT_COMMITTER_NAME: "T",
    GIT_COMMITTER_EMAIL: "t@e",
  };
  execFileSync("sh", ["-c", script], {
    cwd: repository.path,
    env: { ...process.env, ...identity },
    stdio: "ignore",
  });
  repository.commit("Changed");
  execFileSync("sh", ["-c", `printf 2 > "$(printf 'caf\\351')"`], { cwd: repository.path });
  repository.commit("One of two names that are no UTF-8");
  using open = openParts(join(repository.path, ".git"));
  for (const [from, to, count] of [
    ["HEAD~2", "HEAD~1", 17],
    ["HEAD~1", "HEAD~2", 17],
    ["HEAD~1", "HEAD", 1],
    ["HEAD", "HEAD", 0],
  ] as const) {
    const [before, after] = [
      await readCommit(open.git.objects, from),
      await readCommit(open.git.objects, to),
    ];
    const changes = await diffTrees(open.git.objects, before.tree, after.tree);
    const lines = changes.map(
      ({ oldMode, newMode, oldSha, newSha, path }) => `${oldMode} ${newMode} ${oldSha} ${newSha} ${path}`,
    );
    expect(lines.toSorted()).toEqual(askGit(repository, before.tree, after.tree).toSorted());
    expect(lines).toHaveLength(count);
  }
});

it("finds what changed in a long folder, wherever it lies, and whatever the names look like", async () => {
  const names = Array.from({ length: 30 }, (_, i) => `f${i + 10}`);
  const files = (some: readonly string[]) => Object.fromEntries(some.map((name) => [`in/${name}`, "same\n"]));
  // The bytes of the entry `b` end those of the entry `a100644 b`.
  using repository = createRepository(files(["a100644 b", ...names]));
  const commits = [repository.git("rev-parse", "HEAD").trim()];
  const change = (script: string): void => {
    execFileSync("bash", ["--norc", "-c", script], { cwd: join(repository.path, "in") });
    repository.commit("Changed");
    commits.push(repository.git("rev-parse", "HEAD").trim());
  };
  change("mv 'a100644 b' b");
  change("echo 1 > f10; echo 1 > f39");
  change("echo 1 > f25");
  change("echo 1 > a; echo 1 > g; rm f20");
  change("rm f10 f39; cp f11 f10b");
  change("rm *; echo 1 > f25");
  using open = openParts(join(repository.path, ".git"));
  for (const from of commits)
    for (const to of commits) {
      const trees = [await readCommit(open.git.objects, from), await readCommit(open.git.objects, to)];
      const changes = await diffTrees(open.git.objects, trees[0]?.tree ?? "", trees[1]?.tree ?? "");
      const lines = changes.map(
        ({ oldMode, newMode, oldSha, newSha, path }) => `${oldMode} ${newMode} ${oldSha} ${newSha} ${path}`,
      );
      expect(lines.toSorted()).toEqual(askGit(repository, from, to).toSorted());
    }
});

it("takes modes that old programs wrote for what git takes them for", async () => {
  using repository = createRepository({ a: "1" });
  const blob = Buffer.from(repository.git("rev-parse", "HEAD:a"), "hex");
  const treeOf = (mode: string): string => {
    const input = Buffer.concat([Buffer.from(`${mode} a\0`), blob]);
    const args = ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"];
    return spawnSync("git", args, { cwd: repository.path, input, encoding: "utf8" }).stdout.trim();
  };
  using open = openParts(join(repository.path, ".git"));
  expect(await diffTrees(open.git.objects, treeOf("100664"), treeOf("100644"))).toEqual([]);
  expect(await diffTrees(open.git.objects, treeOf("100664"), treeOf("100755"))).toMatchObject([
    { path: "a", oldMode: "100644", newMode: "100755" },
  ]);
});

it("tells tree and parents of a commit, and not what its message claims", async () => {
  using repository = createRepository({ a: "1" });
  const first = repository.git("rev-parse", "HEAD");
  repository.commit(`tree ${"0".repeat(40)}\n\nparent ${"0".repeat(40)}`);
  repository.git("tag", "-a", "-m", "x", "v1");
  using open = openParts(join(repository.path, ".git"));
  expect(await readCommit(open.git.objects, "refs/tags/v1")).toEqual({
    sha: repository.git("rev-parse", "HEAD"),
    tree: repository.git("rev-parse", "HEAD^{tree}"),
    parents: [first],
  });
  await expect(readCommit(open.git.objects, "refs/heads/none")).rejects.toMatchObject({ code: "git-failed" });
});

it("reads files and folders by paths as people write them, and nothing above the top", async () => {
  using repository = createRepository({ "specs/a.md": "1", "specs/sub/b.md": "2", "specs.md": "3" });
  using open = openParts(join(repository.path, ".git"));
  const commit = commitSha(repository.git("rev-parse", "HEAD"));
  for (const folder of ["specs", "specs/", "./specs", "x/../specs"])
    expect(await listBelow(open.git.objects, commit, folder)).toEqual(["specs/a.md", "specs/sub/b.md"]);
  expect(await listBelow(open.git.objects, commit, ".")).toEqual([
    "specs.md",
    "specs/a.md",
    "specs/sub/b.md",
  ]);
  expect(await listBelow(open.git.objects, commit, "specs.md")).toEqual([]);
  expect(await listBelow(open.git.objects, commit, "../specs")).toEqual([]);
  expect(await readBlob(open.git.objects, commit, "./specs/a.md")).toBe("1");
  expect(await readBlob(open.git.objects, commit, "specs")).toBeNull();
  expect(await readBlob(open.git.objects, commit, "../specs.md")).toBeNull();
});
