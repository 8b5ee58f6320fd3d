/** The queue as it stands on the target branch: for bare repositories, and where another branch is checked out. */
import type { Queue } from "../../core/queue.ts";
import type { QueueSource } from "../../ports.ts";
import type { Git } from "../git/git.ts";
import { readCommit } from "../git/object-tree.ts";
import { modes } from "../git/raw-diff.ts";
import { createQueueReader, type TaskEntry } from "./queue-reader.ts";
import { type Content, linkProblem, readContent, sizeProblem } from "./task-content.ts";

/** How often the branch is looked at when nothing else happens: one question to a process that stands by. */
const lookAgainMs = 1_000;

export function openTaskBranch(git: Git, branch: string, tasks: string): QueueSource {
  const readQueue = createQueueReader();
  let known: { readonly tip: string; readonly queue: Queue } | null = null;
  let wake: (() => void) | null = null;
  const blobOf = (file: string): string => `refs/heads/${branch}:${file}`;
  return {
    async read() {
      const tip = (await readCommit(git.objects, `refs/heads/${branch}`)).sha;
      if (known?.tip === tip) return known.queue;
      const output = await git.run(["ls-tree", "-r", "-l", "-z", tip, "--", `${tasks}/`]);
      known = {
        tip,
        queue: await readQueue(output.split("\0").filter(Boolean).map(parseEntry).filter(isTask)),
      };
      return known.queue;
    },
    async readText(file) {
      const found = await git.objects.read(blobOf(file));
      const content = found?.type === "blob" ? readContent(found.content) : null;
      return content !== null && "text" in content ? content.text : null;
    },
    changed(signal) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, lookAgainMs);
        const end = (): void => (clearTimeout(timer), resolve());
        wake = end;
        signal.addEventListener("abort", end, { once: true });
      });
    },
    hint: () => wake?.(),
  };

  /** `<mode> blob <sha> <size>\t<path>`: the blob's name is the version, so a known one is never read again. */
  function parseEntry(line: string): TaskEntry {
    const tab = line.indexOf("\t");
    const about = line.slice(0, tab);
    const file = line.slice(tab + 1);
    const [mode = "", , sha = "", size = "0"] = about.split(/ +/);
    const version = `${mode} ${sha}`;
    if (mode === modes.symlink) return { file, version, read: () => ({ reason: linkProblem }) };
    return { file, version, read: () => readBlob(sha, Number(size)) };
  }

  async function readBlob(sha: string, size: number): Promise<Content> {
    const reason = sizeProblem(size);
    if (reason !== null) return { reason };
    const found = await git.objects.read(sha);
    return found === null ? { reason: `git has lost it (${sha}); see git fsck` } : readContent(found.content);
  }
}

const isTask = ({ file }: TaskEntry): boolean => file.endsWith(".md") && !/(^|\/)readme\.md$/i.test(file);
