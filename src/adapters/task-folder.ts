/** The queue as a folder on disk: chokidar's events are hints, reading is the truth. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Queue } from "../core/queue.ts";
import { systemCodeOf } from "../errors.ts";
import type { QueueSource } from "../ports.ts";
import { watchFolder } from "./folder-hints.ts";
import { createQueueReader, type TaskEntry } from "./queue-reader.ts";

/** Larger than any task a person wrote; an agent could not read it anyway. */
export const taskBytesMax = 1_000_000;

export interface TaskFolder extends QueueSource, AsyncDisposable {}

/** `top`: the checkout; `tasks`: the folder in it. */
export function openTaskFolder(top: string, tasks: string): TaskFolder {
  const readQueue = createQueueReader();
  const hints = watchFolder(join(top, tasks));
  let entries: ReadonlyMap<string, TaskEntry> = new Map();
  let queue: Queue | null = null;
  return {
    async read() {
      const paths = hints.take();
      if (queue !== null && paths?.size === 0) return queue;
      entries = paths === null ? await listTasks(top, tasks) : await relist(top, entries, paths);
      queue = await readQueue([...entries.values()]);
      return queue;
    },
    readText: (file) => readFile(join(top, file), "utf8").catch(() => null),
    changed: (signal) => hints.wait(signal),
    [Symbol.asyncDispose]: () => hints[Symbol.asyncDispose](),
  };
}

/** The entries, with just the named paths looked at again. */
async function relist(
  top: string,
  entries: ReadonlyMap<string, TaskEntry>,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, TaskEntry>> {
  const next = new Map(entries);
  for (const path of [...paths].filter(isTaskFile)) {
    const entry = await describeFile(top, path);
    if (entry === null) next.delete(relativeTo(top, path));
    else next.set(entry.file, entry);
  }
  const isGrown = [...next.keys()].some((file) => !entries.has(file));
  return isGrown ? new Map([...next].toSorted(([a], [b]) => (a < b ? -1 : 1))) : next;
}

/** Every Markdown file in the folder and below, in path order. */
export async function listTasks(top: string, tasks: string): Promise<ReadonlyMap<string, TaskEntry>> {
  const folder = join(top, tasks);
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  });
  const paths = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isTaskFile)
    .toSorted();
  const entries = await Promise.all(paths.map((path) => describeFile(top, path)));
  return new Map(entries.filter((entry) => entry !== null).map((entry) => [entry.file, entry]));
}

const isTaskFile = (path: string): boolean => path.endsWith(".md") && !/(^|\/)readme\.md$/i.test(path);

const relativeTo = (top: string, path: string): string => relative(top, path).split(sep).join("/");

/** Null when there is no such file. */
async function describeFile(top: string, path: string): Promise<TaskEntry | null> {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  if (stats === null || !stats.isFile()) return null;
  const version = `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
  return { file: relativeTo(top, path), version, read: () => readTaskFile(path, Number(stats.size)) };
}

async function readTaskFile(path: string, size: number): Promise<{ text: string } | { reason: string }> {
  if (size > taskBytesMax)
    return { reason: `the file has ${size} bytes; a task may have at most ${taskBytesMax}` };
  try {
    return { text: await readFile(path, "utf8") };
  } catch (error) {
    return {
      reason: `the file cannot be read (${systemCodeOf(error) ?? "unknown error"}); check its permissions`,
    };
  }
}
