/** The queue as a folder on disk: chokidar's events are hints, reading is the truth. */
import { type BigIntStats, constants, lstatSync, readdirSync, readFileSync } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Queue } from "../../core/queue.ts";
import { systemCodeOf, unlessAbsent } from "../../errors.ts";
import type { QueueSource } from "../../ports.ts";
import { type FolderHints, watchPath } from "./folder-hints.ts";
import { createQueueReader, type TaskEntry } from "./queue-reader.ts";
import { type Content, linkProblem, readContent, sizeProblem } from "./task-content.ts";

export interface TaskFolder extends QueueSource, AsyncDisposable {}

/** `top`: the checkout; `tasks`: the folder in it. */
export function openTaskFolder(top: string, tasks: string): TaskFolder {
  const readQueue = createQueueReader();
  let watcher: FolderHints | null = null;
  const hints = (): FolderHints => (watcher ??= watchPath(join(top, tasks)));
  let entries: ReadonlyMap<string, TaskEntry> = new Map();
  let queue: Queue | null = null;
  return {
    async read() {
      // The watcher looks at every file, too: it starts after the first read, and the second one reads everything again.
      const paths = queue === null ? null : hints().take();
      if (queue !== null && paths?.size === 0) return queue;
      entries = paths === null ? await listTasks(top, tasks) : relist(top, entries, paths);
      queue = await readQueue([...entries.values()]);
      return queue;
    },
    readText: (file) => readText(join(top, file)),
    changed: (signal) => hints().wait(signal),
    hint: (file) => hints().hint(file === undefined ? null : join(top, file)),
    [Symbol.asyncDispose]: () => watcher?.[Symbol.asyncDispose]() ?? Promise.resolve(),
  };
}

/** The entries, with just the named paths looked at again. */
function relist(
  top: string,
  entries: ReadonlyMap<string, TaskEntry>,
  paths: ReadonlySet<string>,
): ReadonlyMap<string, TaskEntry> {
  const next = new Map(entries);
  for (const path of [...paths].filter(isTaskFile)) {
    const entry = describeFile(top, path);
    if (entry === null) next.delete(relativeTo(top, path));
    else next.set(entry.file, entry);
  }
  const isGrown = [...next.keys()].some((file) => !entries.has(file));
  return isGrown ? new Map([...next].toSorted(([a], [b]) => (a < b ? -1 : 1))) : next;
}

/** Files looked at without a pause: a thousandfold queue must not hold up whoever listens to an agent. */
const filesAtOnce = 200;

/** Every Markdown file in the folder and below, in path order; and what of it cannot be read. */
async function listTasks(top: string, tasks: string): Promise<ReadonlyMap<string, TaskEntry>> {
  const found = listFiles(join(top, tasks)).filter(
    ({ path, trouble }) => trouble !== null || isTaskFile(path),
  );
  const entries = new Map<string, TaskEntry>();
  for (const [i, { path, trouble }] of found.toSorted((a, b) => (a.path < b.path ? -1 : 1)).entries()) {
    if (i % filesAtOnce === filesAtOnce - 1) await setImmediate();
    const entry =
      trouble === null ? describeFile(top, path) : describeUnread(top, path, folderProblem(trouble));
    if (entry !== null) entries.set(entry.file, entry);
  }
  return entries;
}

interface Found {
  readonly path: string;
  /** Why a folder cannot be read; null for a file. */
  readonly trouble: string | null;
}

/** A folder may go while one looks; one that is there and cannot be read is a problem of the queue, and ends no run. */
function listFiles(folder: string): readonly Found[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [{ path, trouble: null }];
    });
  } catch (error) {
    const trouble = systemCodeOf(error) ?? "unknown error";
    return trouble === "ENOENT" ? [] : [{ path: folder, trouble }];
  }
}

const folderProblem = (trouble: string): string =>
  `it cannot be read as a folder of tasks (${trouble}); make it one, or check its permissions`;

const isTaskFile = (path: string): boolean => path.endsWith(".md") && !/(^|\/)readme\.md$/i.test(path);

const relativeTo = (top: string, path: string): string => relative(top, path).split(sep).join("/");

/**
 * Null when there is no such file; a folder is none. Small files are read faster at once than through promises: five
 * times, for many.
 */
function describeFile(top: string, path: string): TaskEntry | null {
  const stats = statOrTrouble(path);
  if (stats === null) return null;
  if (typeof stats === "string")
    return describeUnread(top, path, `the file cannot be looked at (${stats}); check its permissions`);
  if (stats.isSymbolicLink()) return describeUnread(top, path, linkProblem);
  if (stats.isDirectory()) return null;
  if (!stats.isFile()) return describeUnread(top, path, specialProblem);
  const version = `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
  // The entry outlives this call: it must not keep the rest of what the file system said.
  const size = Number(stats.size);
  return { file: relativeTo(top, path), version, read: () => readTaskFile(path, size) };
}

const specialProblem = "this is no file but a pipe, a socket or a device; give it another name, or remove it";

/** A task that cannot be looked at is a problem: it is not done, and it has not gone. */
const describeUnread = (top: string, path: string, reason: string): TaskEntry => ({
  file: relativeTo(top, path),
  version: reason,
  read: () => ({ reason }),
});

/** A text is the system's trouble. */
function statOrTrouble(path: string): BigIntStats | string | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    return systemCodeOf(error) ?? "unknown error";
  }
}

/** What was a file a moment ago may be a link or a pipe by now: neither is followed or waited for. */
const flag = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function readTaskFile(path: string, size: number): Content {
  const reason = sizeProblem(size);
  if (reason !== null) return { reason };
  try {
    return readContent(readFileSync(path, { flag }));
  } catch (error) {
    return {
      reason: `the file cannot be read (${systemCodeOf(error) ?? "unknown error"}); check its permissions`,
    };
  }
}

async function readText(path: string): Promise<string | null> {
  const stats = await unlessAbsent(lstat(path));
  if (stats?.isFile() !== true) return null;
  const bytes = await unlessAbsent(readFile(path, { flag }));
  const content = bytes === null ? null : readContent(bytes);
  return content !== null && "text" in content ? content.text : null;
}
