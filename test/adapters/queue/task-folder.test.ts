/** The queue as a folder on disk: hints tell when to look, files tell the truth. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { createQueueReader } from "../../../src/adapters/queue/queue-reader.ts";
import { openTaskBranch } from "../../../src/adapters/queue/task-branch.ts";
import { openTaskFolder } from "../../../src/adapters/queue/task-folder.ts";
import type { Queue } from "../../../src/core/queue.ts";
import { problemText } from "../../../src/core/report.ts";
import type { QueueSource } from "../../../src/ports.ts";
import { createRepository, makeFolder, openParts } from "../../support/repository.ts";

interface Top extends Disposable {
  readonly path: string;
  readonly write: (file: string, text: string | Buffer) => void;
}

function makeTop(files: Readonly<Record<string, string>>): Top {
  const path = makeFolder("tasks");
  const write: Top["write"] = (file, text) => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  return { path, write, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const never = new AbortController().signal;

/** Reads again at each hint until the queue is as wanted. A hint that is lost lets the test time out. */
async function readUntil(source: QueueSource, isWanted: (queue: Queue) => boolean): Promise<Queue> {
  for (;;) {
    const queue = await source.read();
    if (isWanted(queue)) return queue;
    await source.changed(never);
  }
}

const idsOf = (queue: Queue): readonly string[] => queue.tasks.map(({ id }) => id);
const hasIds =
  (...ids: readonly string[]) =>
  (queue: Queue): boolean =>
    JSON.stringify(idsOf(queue)) === JSON.stringify(ids);
const titleOf = (queue: Queue, id: string): string | undefined =>
  queue.tasks.find((task) => task.id === id)?.title;

it("reads every Markdown file in the folder and below, in path order, and no README", async () => {
  using top = makeTop({
    "tasks/b.md": "# B\n",
    "tasks/a.md": "# A\n",
    "tasks/sub/c d.md": "---\nid: c\n---\n# C\n",
    "tasks/README.md": "# Not a task\n",
    "tasks/sub/readme.md": "# Not a task\n",
    "tasks/notes.txt": "no\n",
    "other/d.md": "# D\n",
  });
  mkdirSync(join(top.path, "tasks/folder.md"));
  await using folder = openTaskFolder(top.path, "tasks");
  const queue = await folder.read();
  expect(queue.problems).toEqual([]);
  expect(queue.tasks.map(({ file }) => file)).toEqual(["tasks/a.md", "tasks/b.md", "tasks/sub/c d.md"]);
  expect(await folder.readText("tasks/sub/c d.md")).toBe("---\nid: c\n---\n# C\n");
  expect(await folder.readText("tasks/none.md")).toBeNull();
});

it("reads a changed file again, and only that one is parsed again", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n", "tasks/b.md": "# B\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  const before = await folder.read();
  top.write("tasks/b.md", "# Better\n");
  const after = await readUntil(folder, (queue) => titleOf(queue, "b") === "Better");
  expect(after.tasks[0]).toBe(before.tasks[0]);
  expect(after.tasks[1]).not.toBe(before.tasks[1]);
});

it("reads at once a file that it is told of, before the watcher hears", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  await folder.read();
  top.write("tasks/b.md", "# B\n");
  await readUntil(folder, hasIds("a", "b"));
  top.write("tasks/a.md", "# Another\n");
  folder.hint("tasks/a.md");
  expect(titleOf(await folder.read(), "a")).toBe("Another");
});

it("hears of added, renamed and removed files, and keeps path order", async () => {
  using top = makeTop({ "tasks/m.md": "# M\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  await readUntil(folder, hasIds("m"));
  top.write("tasks/z.md", "# Z\n");
  await readUntil(folder, hasIds("m", "z"));
  top.write("tasks/a.md", "# A\n");
  await readUntil(folder, hasIds("a", "m", "z"));
  renameSync(join(top.path, "tasks/a.md"), join(top.path, "tasks/n.md"));
  await readUntil(folder, hasIds("m", "n", "z"));
  top.write("tasks/deep/er/b.md", "# B\n");
  await readUntil(folder, hasIds("b", "m", "n", "z"));
  rmSync(join(top.path, "tasks/deep"), { recursive: true });
  expect(idsOf(await readUntil(folder, hasIds("m", "n", "z")))).toEqual(["m", "n", "z"]);
});

it("finds a folder that is created later, and one that was removed and came back", async () => {
  using top = makeTop({});
  await using folder = openTaskFolder(top.path, "tasks");
  expect(await folder.read()).toEqual({ tasks: [], problems: [] });
  top.write("tasks/a.md", "# A\n");
  await readUntil(folder, hasIds("a"));
  rmSync(join(top.path, "tasks"), { recursive: true });
  await readUntil(folder, hasIds());
  top.write("tasks/b.md", "# B\n");
  await readUntil(folder, hasIds("b"));
});

it("tells of a folder that cannot be read as a problem, and reads it when it can be", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n" });
  rmSync(join(top.path, "tasks"), { recursive: true });
  top.write("tasks", "not a folder\n");
  await using folder = openTaskFolder(top.path, "tasks");
  const { tasks, problems } = await folder.read();
  expect(tasks).toEqual([]);
  expect(problems.map(({ file, message }) => [file, message.includes("(ENOTDIR)")])).toEqual([
    ["tasks", true],
  ]);
  rmSync(join(top.path, "tasks"));
  top.write("tasks/a.md", "# A\n");
  folder.hint();
  expect(await readUntil(folder, hasIds("a"))).toMatchObject({ problems: [] });
});

it("does not lose a file that comes while the watcher looks around for the first time", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  await folder.read();
  top.write("tasks/b.md", "# B\n");
  await folder.changed(never);
  expect(idsOf(await readUntil(folder, hasIds("a", "b")))).toEqual(["a", "b"]);
});

it("hears of more changes than it remembers one by one", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  await readUntil(folder, hasIds("a"));
  for (let i = 0; i < 1_200; i += 1) top.write(`tasks/n${i}.md`, "# N\n");
  const queue = await readUntil(folder, ({ tasks }) => tasks.length === 1_201);
  expect(queue.problems).toEqual([]);
});

it("ends a wait when it is told to", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  const controller = new AbortController();
  await readUntil(folder, hasIds("a"));
  const waiting = folder.changed(controller.signal);
  controller.abort();
  await waiting;
  await folder.changed(controller.signal);
  expect(idsOf(await folder.read())).toEqual(["a"]);
});

it("takes two tasks with one id for a problem of both, until one of them is renamed", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n", "tasks/sub/a.md": "# Other\n", "tasks/b.md": "# B\n" });
  await using folder = openTaskFolder(top.path, "tasks");
  const queue = await folder.read();
  expect(idsOf(queue)).toEqual(["b"]);
  expect(queue.problems.map(({ file, message }) => `${file}: ${message}`)).toMatchInlineSnapshot(`
    [
      "tasks/a.md: the id a is also used by tasks/sub/a.md; give each task an id of its own",
      "tasks/sub/a.md: the id a is also used by tasks/a.md; give each task an id of its own",
    ]
  `);
  renameSync(join(top.path, "tasks/sub/a.md"), join(top.path, "tasks/sub/c.md"));
  const mended = await readUntil(folder, (now) => now.problems.length === 0);
  expect(idsOf(mended)).toEqual(["a", "b", "c"]);
});

it("says of a file that is too large how large it is and may be, and reads the rest", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n", "tasks/big.md": "x".repeat(1_000_001) });
  await using folder = openTaskFolder(top.path, "tasks");
  const { tasks, problems } = await folder.read();
  expect(tasks).toHaveLength(1);
  expect(problems).toMatchObject([
    { file: "tasks/big.md", message: "the file has 1000001 bytes; a task may have at most 1000000" },
  ]);
});

/** Texts that nobody could give back as they were, each with what is said of it. */
const noTexts = {
  "tasks/latin.md": Buffer.from("# Gr\u00F6\u00DFe\n", "latin1"),
  "tasks/later.md": Buffer.from("# T\n\nGr\u00F6\u00DFe\n", "latin1"),
  "tasks/nul.md": Buffer.from("# T\n\0\n"),
  "tasks/utf16.md": Buffer.from("# T\n", "utf16le"),
};
it("takes for a problem what is no text, and accepts a byte order mark", async () => {
  using top = makeTop({ "tasks/a.md": "\uFEFF# A\n" });
  for (const [file, bytes] of Object.entries(noTexts)) top.write(file, bytes);
  await using folder = openTaskFolder(top.path, "tasks");
  const queue = await folder.read();
  expect(titleOf(queue, "a")).toBe("A");
  expect(idsOf(queue)).toEqual(["a"]);
  expect(queue.problems.map(problemText)).toMatchInlineSnapshot(`
    [
      "tasks/later.md:3: this is not UTF-8; save the file in that encoding",
      "tasks/latin.md:1: this is not UTF-8; save the file in that encoding",
      "tasks/nul.md:2: there is a NUL byte, so the file is no text; write the task as text",
      "tasks/utf16.md:1: there is a NUL byte, so the file is no text; write the task as text",
    ]
  `);
  expect(await folder.readText("tasks/a.md")).toBe("\uFEFF# A\n");
  expect(await folder.readText("tasks/latin.md")).toBeNull();
});

it("takes links and pipes for problems, and neither follows nor waits for them", async () => {
  using top = makeTop({ "tasks/a.md": "# A\n", "other/d.md": "# D\n" });
  symlinkSync("../other/d.md", join(top.path, "tasks/link.md"));
  symlinkSync("nowhere", join(top.path, "tasks/dangling.md"));
  symlinkSync("circle.md", join(top.path, "tasks/circle.md"));
  execFileSync("mkfifo", [join(top.path, "tasks/pipe.md")]);
  await using folder = openTaskFolder(top.path, "tasks");
  const queue = await folder.read();
  expect(idsOf(queue)).toEqual(["a"]);
  expect(queue.problems.map(problemText)).toMatchInlineSnapshot(`
    [
      "tasks/circle.md: the file is a link, and a landing would replace it; put the task itself there",
      "tasks/dangling.md: the file is a link, and a landing would replace it; put the task itself there",
      "tasks/link.md: the file is a link, and a landing would replace it; put the task itself there",
      "tasks/pipe.md: this is no file but a pipe, a socket or a device; give it another name, or remove it",
    ]
  `);
  expect(await folder.readText("tasks/link.md")).toBeNull();
  expect(await folder.readText("tasks/pipe.md")).toBeNull();
});

it("takes an empty file for a task as soon as somebody writes into it", async () => {
  using top = makeTop({
    "tasks/a.md": "",
    "tasks/b.md": "\uFEFF \n\n",
    "tasks/c.md": "---\npriority: 2\n---\n",
    "tasks/draft.md": "---\nstatus: draft\n---\n",
    "tasks/landed.md": "---\nstatus: landed\n---\n",
    "tasks/titled.md": "---\ntitle: Do it\n---\n",
  });
  await using folder = openTaskFolder(top.path, "tasks");
  const queue = await folder.read();
  expect(idsOf(queue)).toEqual(["draft", "landed", "titled"]);
  const message = "it is empty, without a title or a text; write down what is to be done";
  expect(queue.problems.map(problemText)).toEqual(["a", "b", "c"].map((id) => `tasks/${id}.md: ${message}`));
  top.write("tasks/a.md", "# A\n");
  await readUntil(folder, hasIds("a", "draft", "landed", "titled"));
});

it("reads 10,000 tasks, and again the one that changed", async () => {
  using top = makeTop({ "tasks/first.md": "# First\n" });
  for (let i = 0; i < 10_000; i += 1) writeFileSync(join(top.path, `tasks/t${i}.md`), `# Task ${i}\n`);
  await using folder = openTaskFolder(top.path, "tasks");
  const before = await folder.read();
  expect(before.tasks).toHaveLength(10_001);
  top.write("tasks/t5000.md", "# Changed\n");
  const after = await readUntil(folder, (queue) => titleOf(queue, "t5000") === "Changed");
  expect(after.tasks.filter((task, i) => task !== before.tasks[i]).map(({ id }) => id)).toEqual(["t5000"]);
});

it("does not read a file whose version it knows", async () => {
  const reads: string[] = [];
  const entry = (file: string, version: string) => ({
    file,
    version,
    read: async () => (reads.push(`${file} ${version}`), { text: `# ${file} ${version}\n` }),
  });
  const read = createQueueReader();
  await read([entry("tasks/a.md", "1"), entry("tasks/b.md", "1")]);
  const queue = await read([entry("tasks/a.md", "1"), entry("tasks/b.md", "2")]);
  expect(reads).toEqual(["tasks/a.md 1", "tasks/b.md 1", "tasks/b.md 2"]);
  expect(queue.tasks.map(({ title }) => title)).toEqual(["tasks/a.md 1", "tasks/b.md 2"]);
  await read([]);
  await read([entry("tasks/a.md", "1")]);
  expect(reads).toHaveLength(4);
});

it("reads the same queue from a branch that is checked out nowhere", async () => {
  using repository = createRepository({
    "tasks/a.md": "# A\n",
    "tasks/README.md": "",
    "tasks/with blank.md": "---\nid: t\n---\n# T\n",
  });
  using open = openParts(join(repository.path, ".git"));
  repository.write("tasks/uncommitted.md", "# U\n");
  const branch = openTaskBranch(open.git, "main", "tasks");
  expect(idsOf(await branch.read())).toEqual(["a", "t"]);
  expect(await branch.readText("tasks/with blank.md")).toBe("---\nid: t\n---\n# T\n");
  expect(await branch.readText("tasks/none.md")).toBeNull();
  repository.commit("More", { "tasks/a.md": "# A2\n" });
  const queue = await branch.read();
  expect(titleOf(queue, "a")).toBe("A2");
  expect(idsOf(queue)).toContain("uncommitted");
});

it("tells the same problems of a branch that is checked out nowhere", async () => {
  using repository = createRepository({ "tasks/a.md": "# A\n", "tasks/empty.md": "" });
  for (const [file, bytes] of Object.entries(noTexts)) writeFileSync(join(repository.path, file), bytes);
  symlinkSync("a.md", join(repository.path, "tasks/link.md"));
  repository.commit("Odd ones");
  using open = openParts(join(repository.path, ".git"));
  const branch = openTaskBranch(open.git, "main", "tasks");
  const queue = await branch.read();
  expect(idsOf(queue)).toEqual(["a"]);
  expect(queue.problems.map(problemText)).toMatchInlineSnapshot(`
    [
      "tasks/empty.md: it is empty, without a title or a text; write down what is to be done",
      "tasks/later.md:3: this is not UTF-8; save the file in that encoding",
      "tasks/latin.md:1: this is not UTF-8; save the file in that encoding",
      "tasks/link.md: the file is a link, and a landing would replace it; put the task itself there",
      "tasks/nul.md:2: there is a NUL byte, so the file is no text; write the task as text",
      "tasks/utf16.md:1: there is a NUL byte, so the file is no text; write the task as text",
    ]
  `);
  expect(await branch.readText("tasks/latin.md")).toBeNull();
});
