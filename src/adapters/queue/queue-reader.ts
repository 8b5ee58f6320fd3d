/** Turns task files into the queue, wherever they come from; unchanged files are not parsed again. */
import { setImmediate } from "node:timers/promises";
import { type Queue, type QueueProblem } from "../../core/queue.ts";
import { saysNothing, type Task } from "../../core/task.ts";
import { parseTask } from "../../formats/task-file.ts";
import { digest } from "../state/pass-files.ts";
import type { Content } from "./task-content.ts";

/** One file of the tasks folder. `version` changes whenever the content does. */
export interface TaskEntry {
  readonly file: string;
  readonly version: string;
  readonly read: () => Content | Promise<Content>;
}

type Parsed = ReturnType<typeof parseTask>;

/** Files parsed without a pause, so that agents are heard meanwhile. */
const parsedAtOnce = 100;

export function createQueueReader(): (entries: readonly TaskEntry[]) => Promise<Queue> {
  let known = new Map<string, Known>();
  return async (entries) => {
    const next = new Map<string, Known>();
    let parsedCount = 0;
    for (const entry of entries) {
      const before = known.get(entry.file);
      const isKnown = before?.version === entry.version;
      next.set(entry.file, isKnown ? before : await readEntry(entry));
      if (isKnown) continue;
      parsedCount += 1;
      if (parsedCount % parsedAtOnce === 0) await setImmediate();
    }
    known = next;
    return assembleQueue([...next.values()].map(({ parsed }) => parsed));
  };
}

interface Known {
  /** Null: it could not be read, and is read again. */
  readonly version: string | null;
  readonly parsed: Parsed;
}

async function readEntry({ file, version, read }: TaskEntry): Promise<Known> {
  const content = await read();
  if ("text" in content) return { version, parsed: unlessSilent(parseTask(content.text, file, digest)) };
  const problem = { file, line: content.line ?? null, task: null, message: content.reason };
  return { version: null, parsed: { kind: "problem", problems: [problem] } };
}

/** A person has made the file and not yet written into it: it is a task as soon as it says something. */
function unlessSilent(parsed: Parsed): Parsed {
  if (parsed.kind === "problem" || !saysNothing(parsed.task)) return parsed;
  const { file, id } = parsed.task;
  const message = "it is empty, without a title or a text; write down what is to be done";
  return { kind: "problem", problems: [{ file, line: null, task: id, message }] };
}

/** Two tasks with one id are a problem of both: nobody can say which of them is meant. */
function assembleQueue(parsed: readonly Parsed[]): Queue {
  const problems: QueueProblem[] = [];
  const byId = new Map<string, Task[]>();
  for (const each of parsed) {
    if (each.kind === "problem") problems.push(...each.problems);
    else addTo(byId, each.task);
  }
  const tasks: Task[] = [];
  for (const same of byId.values()) {
    const [first] = same;
    if (first === undefined) continue;
    if (same.length === 1) tasks.push(first);
    else problems.push(...same.map((task) => duplicateProblem(task, same)));
  }
  return { tasks, problems };
}

function addTo(byId: Map<string, Task[]>, task: Task): void {
  const same = byId.get(task.id);
  if (same === undefined) byId.set(task.id, [task]);
  else same.push(task);
}

function duplicateProblem(task: Task, same: readonly Task[]): QueueProblem {
  const others = same.filter((other) => other !== task).map((other) => other.file);
  const message = `the id ${task.id} is also used by ${others.join(", ")}; give each task an id of its own`;
  return { file: task.file, line: null, task: task.id, message };
}
