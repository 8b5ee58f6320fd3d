/** The queue as it stands on the target branch: for bare repositories, and where another branch is checked out. */
import type { QueueSource } from "../../ports.ts";
import type { Git } from "../git/git.ts";
import { createQueueReader, type TaskEntry } from "./queue-reader.ts";
import { taskBytesMax } from "./task-folder.ts";

/** How often the branch is looked at when nothing else happens. */
const lookAgainMs = 5_000;

export function openTaskBranch(git: Git, branch: string, tasks: string): QueueSource {
  const readQueue = createQueueReader();
  const blobOf = (file: string): string => `refs/heads/${branch}:${file}`;
  return {
    async read() {
      const output = await git.run(["ls-tree", "-r", "-l", "-z", `refs/heads/${branch}`, "--", `${tasks}/`]);
      return readQueue(output.split("\0").filter(Boolean).map(parseEntry).filter(isTask));
    },
    async readText(file) {
      const result = await git.ask(["cat-file", "blob", blobOf(file)]);
      return result.code === 0 ? result.stdout : null;
    },
    changed(signal) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, lookAgainMs);
        signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      });
    },
  };

  /** `<mode> blob <sha> <size>\t<path>`: the blob's name is the version, so a known one is never read again. */
  function parseEntry(line: string): TaskEntry {
    const tab = line.indexOf("\t");
    const about = line.slice(0, tab);
    const file = line.slice(tab + 1);
    const [, , sha = "", size = "0"] = about.split(/ +/);
    return { file, version: sha, read: () => readBlob(sha, Number(size)) };
  }

  async function readBlob(sha: string, size: number): Promise<{ text: string } | { reason: string }> {
    if (size > taskBytesMax)
      return { reason: `the file has ${size} bytes; a task may have at most ${taskBytesMax}` };
    return { text: await git.run(["cat-file", "blob", sha]) };
  }
}

const isTask = ({ file }: TaskEntry): boolean => file.endsWith(".md") && !/(^|\/)readme\.md$/i.test(file);
