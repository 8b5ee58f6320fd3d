/** One git process that answers every question about objects: always the truth of this moment. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createObjectReader, type ObjectReader } from "../../../src/adapters/git/object-reader.ts";
import type { StandingProcess } from "../../../src/adapters/git/standing-process.ts";
import { createRepository, makeFolder, openParts, runGit } from "../../support/repository.ts";

interface Started {
  readonly objects: ObjectReader;
  readonly children: readonly StandingProcess[];
}

function startOn(repository: { readonly path: string }): Started {
  const children: StandingProcess[] = [];
  const objects = createObjectReader(() => {
    const args = ["cat-file", "--batch-command", "-z"];
    const child = spawn("git", args, { cwd: repository.path, stdio: ["pipe", "pipe", "ignore"] });
    children.push(child);
    return child;
  });
  return { objects, children };
}

const textOf = async (objects: ObjectReader, name: string): Promise<string | null> =>
  (await objects.read(name))?.content.toString() ?? null;

it("answers many questions at once, each with its own object, whatever it is called and however large", async () => {
  const large = "0123456789abcdef".repeat(100_000);
  const texts = { large, empty: "", "line\nfeed": "1\n\n2", " space ": "3", 'ü "q"': "4", "-dash": "5" };
  using repository = createRepository({ ...texts, "dir/x": "6" });
  const { objects, children } = startOn(repository);
  using _ = objects;
  const names = [...Object.keys(texts), "none", "none\nat all", "dir/x", "HEAD blob 3"];
  const read = await Promise.all(names.map((name) => textOf(objects, `HEAD:${name}`)));
  expect(read).toEqual([...Object.values(texts), null, null, "6", null]);
  expect((await objects.read("HEAD:dir"))?.type).toBe("tree");
  expect(await objects.read("HEAD:large\0HEAD:empty")).toBeNull();
  expect(await objects.read("refs/heads/none^{commit}")).toBeNull();
  expect(children).toHaveLength(1);
});

it("tells sizes without contents, in between", async () => {
  using repository = createRepository({ a: "12345", empty: "", "line\nfeed": "1\n" });
  const { objects, children } = startOn(repository);
  using _ = objects;
  const names = ["a", "empty", "none", "line\nfeed"].map((path) => `HEAD:${path}`);
  const sizes = names.map((name) => objects.size(name));
  const texts = names.map((name) => textOf(objects, name));
  expect(await Promise.all(sizes)).toEqual([5, 0, null, 2]);
  expect(await Promise.all(texts)).toEqual(["12345", "", null, "1\n"]);
  expect(children).toHaveLength(1);
});

it("tells where a ref points now: moved loose, packed, moved again, deleted, and its objects packed or new", async () => {
  using repository = createRepository({ a: "0" });
  const { objects, children } = startOn(repository);
  using _ = objects;
  const tip = async (): Promise<string | undefined> => (await objects.read("refs/heads/main^{commit}"))?.sha;
  for (const step of [
    () => repository.git("pack-refs", "--all"),
    () => repository.git("repack", "-a", "-d", "-q"),
    () => repository.git("gc", "-q", "--prune=now"),
    () => repository.git("update-ref", "refs/heads/main", "HEAD"),
  ]) {
    const head = repository.commit("Next", { a: String(Math.random()) });
    expect(await tip()).toBe(head);
    step();
    expect(await tip()).toBe(head);
    expect(await textOf(objects, `${head}:a`)).toBe(repository.git("show", "HEAD:a"));
    expect(await textOf(objects, `${head}~1:a`)).toBe(repository.git("show", "HEAD~1:a"));
  }
  repository.git("checkout", "-q", "--detach");
  repository.git("branch", "-q", "-D", "main");
  expect(await tip()).toBeUndefined();
  expect(children).toHaveLength(1);
});

it("answers by a new process when somebody ended the old one, also in the middle of a question", async () => {
  using repository = createRepository({ a: "1" });
  const { objects, children } = startOn(repository);
  using _ = objects;
  expect(await textOf(objects, "HEAD:a")).toBe("1");
  children[0]?.kill("SIGKILL");
  expect(await textOf(objects, "HEAD:a")).toBe("1");
  children[1]?.kill("SIGSTOP");
  const open = [textOf(objects, "HEAD:a"), textOf(objects, "HEAD:none")];
  children[1]?.kill("SIGKILL");
  expect(await Promise.all(open)).toEqual(["1", null]);
  expect(children.length).toBeGreaterThanOrEqual(3);
});

it("says so when git cannot read, and never takes nonsense for an answer", async () => {
  for (const script of [
    "exit 128",
    "echo nonsense; cat > /dev/null",
    "printf HEAD:a; exec cat > /dev/null <&-",
  ]) {
    using objects = createObjectReader(() =>
      spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] }),
    );
    await expect(objects.read("HEAD:a")).rejects.toMatchObject({ code: "git-failed" });
  }
});

it("ends its process when it is disposed of", async () => {
  using repository = createRepository({ a: "1" });
  const { objects, children } = startOn(repository);
  await objects.read("HEAD:a");
  const [child] = children;
  if (child === undefined) throw new Error("no process");
  objects[Symbol.dispose]();
  await once(child, "exit");
  expect(child.exitCode).toBe(0);
});

it("keeps no program alive that forgot to dispose of it, but does while a question is open", () => {
  using repository = createRepository({ a: "1" });
  const source = join(import.meta.dirname, "../../../src/adapters/git/git.ts");
  const script = `
    import { createGit } from ${JSON.stringify(source)};
    const git = createGit(${JSON.stringify(join(repository.path, ".git"))}, ".");
    console.log((await git.objects.read("HEAD:a")).content.toString());
    void git.objects.read("HEAD:a").then(() => console.log("answered"));
  `;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(ended).toMatchObject({ status: 0, stdout: "1\nanswered\n" });
});

it("is gone before the program that disposed of it", () => {
  const folder = makeFolder("reader");
  const slow = `printf 'x missing\\n'; cat >/dev/null; sleep 0.3; echo gone >${join(folder, "gone")}`;
  const program = `import { spawn } from "node:child_process";
import { createObjectReader } from ${JSON.stringify(join(import.meta.dirname, "../../../src/adapters/git/object-reader.ts"))};
using objects = createObjectReader(() => spawn("sh", ["-c", ${JSON.stringify(slow)}], { stdio: ["pipe", "pipe", "ignore"] }));
console.log(await objects.read("x"));
`;
  const ended = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", program], {
    encoding: "utf8",
  });
  expect([ended.stdout, ended.stderr]).toEqual(["null\n", ""]);
  expect(existsSync(join(folder, "gone"))).toBe(true);
});

it("reads the repository that it was opened on, whatever a calling git says, and as the supervisor's other git", async () => {
  using repository = createRepository({ a: "1" });
  using other = createRepository({ a: "2" });
  const folder = makeFolder("caller");
  process.env["GIT_DIR"] = join(other.path, ".git");
  process.env["GIT_OBJECT_DIRECTORY"] = folder;
  try {
    using open = openParts(join(repository.path, ".git"));
    expect(await textOf(open.git.objects, "HEAD:a")).toBe("1");
  } finally {
    delete process.env["GIT_DIR"];
    delete process.env["GIT_OBJECT_DIRECTORY"];
  }
  expect(runGit(repository.path, ["status", "--porcelain"])).toBe("");
});
