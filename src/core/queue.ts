/** Which tasks of the queue can run, which wait, and for what: dependencies, cycles, missing names. */
import { type CommitSha, shortSha, type TaskId } from "./ids.ts";
import { standingOf, type Task } from "./task.ts";

/** Something in the queue that only a person can mend. The rest of the queue runs. */
export interface QueueProblem {
  readonly file: string;
  /** 1-based; null when the problem is the whole file. */
  readonly line: number | null;
  readonly task: TaskId | null;
  readonly message: string;
}

export interface Queue {
  readonly tasks: readonly Task[];
  readonly problems: readonly QueueProblem[];
  /** Tasks whose change stands on a branch for review: its name. Told only where tasks land on branches. */
  readonly inReview?: InReview;
}

export type InReview = ReadonlyMap<TaskId, string>;

/** Why a ready task does not run: `on` names what it waits for; a stuck one needs a person. */
export type Waiting =
  | { readonly kind: "dependency"; readonly on: TaskId }
  /** People are to merge or to delete the branch. */
  | { readonly kind: "review"; readonly branch: string }
  | { readonly kind: "stuck"; readonly reason: string };

/** The queue with every ready task's hindrance worked out. `ready` is in the order in which tasks start. */
export interface Standing {
  readonly ready: readonly Task[];
  readonly waiting: ReadonlyMap<TaskId, Waiting>;
  readonly blocked: readonly Task[];
  readonly landed: ReadonlySet<TaskId>;
}

/** What a task's front matter may refer to. */
export interface KnownNames {
  readonly gates: ReadonlySet<string>;
  /** Kind of the configured agent. */
  readonly agent: string;
  readonly landed: ReadonlyMap<TaskId, CommitSha>;
  /** Whether there are sealed checks of this name. */
  readonly hasChecks: (name: string) => boolean;
  readonly inReview?: InReview;
}

/** Takes out tasks that cannot run as they are written: each becomes a problem, and the rest of the queue runs. */
export function checkQueue(queue: Queue, known: KnownNames): Queue {
  const tasks: Task[] = [];
  const problems = [...queue.problems];
  for (const task of queue.tasks) {
    const message = taskProblem(task, known);
    if (message === null) tasks.push(withoutLanded(task, known.landed));
    else problems.push({ file: task.file, line: null, task: task.id, message });
  }
  const { inReview } = known;
  return { tasks, problems, ...(inReview !== undefined && inReview.size > 0 && { inReview }) };
}

/** A task whose file was removed after it landed still counts for those that depend on it. */
function withoutLanded(task: Task, landed: ReadonlyMap<TaskId, CommitSha>): Task {
  if (!task.dependsOn.some((on) => landed.has(on))) return task;
  return { ...task, dependsOn: task.dependsOn.filter((on) => !landed.has(on)) };
}

function taskProblem(task: Task, known: KnownNames): string | null {
  if (standingOf(task) !== "ready") return null;
  const gate = task.gates.find((name) => !known.gates.has(name));
  if (gate !== undefined) return `gates names ${gate}, and no gate of the configuration has that name`;
  if (task.agent !== null && task.agent !== known.agent) {
    return `agent names ${task.agent}, and the only agent here is ${known.agent} (agent.kind)`;
  }
  if (task.checks !== null && task.proof.length === 0)
    return `checks are there for a proof: say under proof which commands run them`;
  if (task.checks !== null && !known.hasChecks(task.checks))
    return `checks names ${task.checks}, and there is no such folder with files in checks_dir`;
  const commit = known.landed.get(task.id);
  if (commit === undefined) return null;
  return `${task.id} has landed as ${shortSha(commit)}; to have it done again: ralphwright task retry ${task.id}`;
}

interface Resolved {
  readonly landedNow: ReadonlySet<TaskId>;
  readonly inReview: InReview | undefined;
  readonly standing: Standing;
}

/** The last answer for a list of tasks: it is asked at every event, and few of them change what it depends on. */
const resolved = new WeakMap<readonly Task[], Resolved>();

/**
 * Linear in tasks and dependencies. `landedNow`: tasks known to have landed, whatever their file still says. Values, not
 * containers: a list or set that was given is not to be changed afterwards.
 */
export function resolveQueue(
  tasks: readonly Task[],
  landedNow: ReadonlySet<TaskId>,
  inReview?: InReview,
): Standing {
  const last = resolved.get(tasks);
  if (last?.landedNow === landedNow && last.inReview === inReview) return last.standing;
  const standing = workOut(tasks, landedNow, inReview);
  resolved.set(tasks, { landedNow, inReview, standing });
  return standing;
}

function workOut(
  tasks: readonly Task[],
  landedNow: ReadonlySet<TaskId>,
  inReview: InReview | undefined,
): Standing {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const isLanded = (id: TaskId): boolean => landedNow.has(id) || byId.get(id)?.status === "landed";
  const cyclic = tasksOnCycles(tasks, byId, isLanded);
  const ready: Task[] = [];
  const blocked: Task[] = [];
  const waiting = new Map<TaskId, Waiting>();
  for (const task of tasks) {
    const standing = isLanded(task.id) ? "landed" : standingOf(task);
    if (standing === "blocked") blocked.push(task);
    if (standing !== "ready") continue;
    const branch = inReview?.get(task.id);
    const review = branch === undefined ? null : ({ kind: "review", branch } as const);
    const hindrance = review ?? cyclic.get(task.id) ?? hindranceOf(task, byId, isLanded);
    if (hindrance === null) ready.push(task);
    else waiting.set(task.id, hindrance);
  }
  const landed = new Set(tasks.map((task) => task.id).filter(isLanded));
  return { ready: sortByPriority(ready), waiting, blocked, landed };
}

/** Higher priority first; then by id, numbers in their numeric order (`2-b` before `10-a`). */
export function byPriority(a: Task, b: Task): number {
  return b.priority - a.priority || compareIds(a.id, b.id);
}

/** As `toSorted(byPriority)`, with each id cut in parts just once: a long queue is sorted for every start. */
function sortByPriority(tasks: readonly Task[]): readonly Task[] {
  return tasks
    .map((task) => ({ task, id: cutId(task.id) }))
    .toSorted((a, b) => b.task.priority - a.task.priority || compareCut(a.id, b.id))
    .map(({ task }) => task);
}

export const compareIds = (a: string, b: string): number => compareCut(cutId(a), cutId(b));

interface CutId {
  readonly whole: string;
  /** Runs of digits, and what stands between them. */
  readonly parts: readonly string[];
}

const cutId = (whole: string): CutId => ({ whole, parts: whole.match(/\d+|\D+/g) ?? [] });

function compareCut(a: CutId, b: CutId): number {
  for (let i = 0; i < Math.min(a.parts.length, b.parts.length); i += 1) {
    const order = comparePart(a.parts[i] ?? "", b.parts[i] ?? "");
    if (order !== 0) return order;
  }
  return a.parts.length - b.parts.length || (a.whole < b.whole ? -1 : Number(a.whole > b.whole));
}

function comparePart(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference)) return difference;
  return a < b ? -1 : Number(a > b);
}

type ById = ReadonlyMap<TaskId, Task>;

function hindranceOf(task: Task, byId: ById, isLanded: (id: TaskId) => boolean): Waiting | null {
  for (const on of task.dependsOn) {
    if (!byId.has(on) && !isLanded(on)) {
      return { kind: "stuck", reason: `depends_on names ${on}, and no task has that id` };
    }
  }
  const open = task.dependsOn.find((on) => !isLanded(on));
  return open === undefined ? null : { kind: "dependency", on: open };
}

/** Peels off every task whose open dependencies can all land; what is left waits for a circle or is part of one. */
function tasksOnCycles(
  tasks: readonly Task[],
  byId: ById,
  isLanded: (id: TaskId) => boolean,
): Map<TaskId, Waiting> {
  const openDependencies = (task: Task): TaskId[] =>
    task.dependsOn.filter((on) => byId.has(on) && !isLanded(on));
  const openCount = new Map(tasks.map((task) => [task.id, openDependencies(task).length]));
  const dependents = new Map<TaskId, TaskId[]>();
  for (const task of tasks) for (const on of openDependencies(task)) addTo(dependents, on, task.id);
  const free = tasks.map((task) => task.id).filter((id) => openCount.get(id) === 0);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    openCount.delete(id);
    for (const dependent of dependents.get(id) ?? []) {
      const left = (openCount.get(dependent) ?? 0) - 1;
      openCount.set(dependent, left);
      if (left === 0) free.push(dependent);
    }
  }
  return circlesAmong(openCount, (id) => byId.get(id)?.dependsOn.find((on) => openCount.has(on)));
}

function addTo(lists: Map<TaskId, TaskId[]>, key: TaskId, id: TaskId): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [id]);
  else list.push(id);
}

/** Every task here points to another one here, so following the pointers ends in a circle. */
function circlesAmong(
  ids: ReadonlyMap<TaskId, number>,
  next: (id: TaskId) => TaskId | undefined,
): Map<TaskId, Waiting> {
  const circles = new Map<TaskId, Waiting>();
  const seen = new Set<TaskId>();
  for (const start of ids.keys()) {
    const path: TaskId[] = [];
    let id: TaskId | undefined = start;
    for (; id !== undefined && !seen.has(id); id = next(id)) {
      seen.add(id);
      path.push(id);
    }
    if (id === undefined || !path.includes(id)) continue;
    const circle = path.slice(path.indexOf(id));
    const reason = `depends_on goes in a circle: ${[...circle, id].join(" → ")}`;
    for (const member of circle) circles.set(member, { kind: "stuck", reason });
  }
  return circles;
}
