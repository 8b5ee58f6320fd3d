/**
 * Watches over a git that reads a directory which an agent or a gate could write. Git opens files of certain names
 * (`.gitignore`, `.gitattributes`, a nested `.git/HEAD`) whatever they are: on a pipe it waits for ever.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

export interface PipeWatch extends Disposable {
  /** Aborts, and says why, when git is taking long and there is a pipe in the directory. */
  readonly signal: AbortSignal;
}

/** Looking takes about as long as git itself does: only who is late is looked after. */
const lateMs = 3_000;

export function watchForPipes(directory: string): PipeWatch {
  const stop = new AbortController();
  let isOver = false;
  const timer = setTimeout(() => {
    void findPipe(directory).then((pipe) => {
      if (pipe !== null && !isOver) stop.abort(`git would wait for ever for the pipe ${pipe}`);
    });
  }, lateMs);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

const openedByGit: ReadonlySet<string> = new Set([".git", ".gitattributes", ".gitignore", ".gitmodules"]);
const isOpenedByGit = (path: string): boolean => path.split("/").some((name) => openedByGit.has(name));

/** From the top, the way there; null when there is none. Pipes of other names are nothing to git. */
async function findPipe(directory: string): Promise<string | null> {
  const folders = [""];
  for (const folder of folders) {
    const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isFIFO() && isOpenedByGit(path)) return path;
      // The directory's own is never read by us.
      if (entry.isDirectory() && path !== ".git") folders.push(path);
    }
  }
  return null;
}
