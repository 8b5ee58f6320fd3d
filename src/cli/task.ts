/** `ralphwright task list|show|retry`: the queue as people see and change it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGitTarget } from "../adapters/git/git-target.ts";
import { mirrored } from "../adapters/git/git-remote.ts";
import { landedRef } from "../adapters/git/git-refs.ts";
import { taskId } from "../core/ids.ts";
import { byPriority, checkQueue, type Queue, resolveQueue, type Standing } from "../core/queue.ts";
import { problemText } from "../core/report.ts";
import { standingOf, type Task } from "../core/task.ts";
import { RalphError } from "../errors.ts";
import { setTaskStatus } from "../formats/task-file.ts";
import {
  listReviews,
  openProject,
  openQueue,
  type Project,
  remoteOf,
  requireTarget,
  sealedChecks,
} from "./compose.ts";
import { tellOfTasks } from "./ask.ts";
import { findKnownTask } from "./known-task.ts";
import { columns, fit, hang, print, printJson, printTable, style } from "./print.ts";
import { findTaskCheckout, type TaskCheckout } from "./task-checkout.ts";

export async function listTasks(options: { readonly cwd: string; readonly json: boolean }): Promise<void> {
  const { queue, standing } = await readTasks(await openProject(options.cwd));
  const rows = queue.tasks.toSorted(byPriority).map((task) => ({ task, state: stateOf(task, standing) }));
  if (options.json) {
    const tasks = rows.map(({ task, state }) => ({ ...task, state }));
    return printJson({ tasks, problems: queue.problems });
  }
  if (rows.length === 0 && queue.problems.length === 0)
    print('There is no task yet. Try: ralphwright task add "…"');
  const idWidth = Math.max(0, ...rows.map(({ task }) => task.id.length));
  for (const { task, state } of rows) {
    const begin = `${task.id.padEnd(idWidth)}  ${colourOf(state.word)}${" ".repeat(wordWidth - state.word.length)}`;
    print(`${begin}  ${fit(task.title, Math.max(20, columns() - idWidth - wordWidth - 4))}`);
    if (state.why !== "") print(`    ${hang(state.why, 4)}`);
  }
  for (const problem of queue.problems) print(`${style("yellow", "!")} ${problemText(problem)}`);
}

interface TaskState {
  readonly word: "ready" | "waiting" | "in review" | "stuck" | "landed" | "blocked" | "draft";
  readonly why: string;
}

/** That of the longest word. */
const wordWidth = "in review".length;

function stateOf(task: Task, standing: Standing): TaskState {
  const waiting = standing.waiting.get(task.id);
  if (waiting?.kind === "dependency") return { word: "waiting", why: `for ${waiting.on}` };
  if (waiting?.kind === "review") return { word: "in review", why: `on ${waiting.branch}` };
  if (waiting?.kind === "stuck") return { word: "stuck", why: waiting.reason };
  const word = standing.landed.has(task.id) ? "landed" : standingOf(task);
  return { word, why: word === "blocked" ? (task.blocked?.why ?? "") : "" };
}

function colourOf(word: TaskState["word"]): string {
  if (word === "landed" || word === "in review") return style("green", word);
  if (word === "blocked" || word === "stuck") return style("yellow", word);
  return word === "ready" ? word : style("dim", word);
}

export async function showTaskFile(options: {
  readonly cwd: string;
  readonly id: string;
  readonly json: boolean;
}): Promise<void> {
  const project = await openProject(options.cwd);
  const { queue, standing } = await readTasks(project);
  const task = findTask(queue, options.id);
  const state = stateOf(task, standing);
  if (options.json) return printJson({ ...task, state });
  printTable([
    ["task", style("bold", task.title)],
    ["id", task.id],
    ["state", `${colourOf(state.word)}${state.why === "" ? "" : `: ${state.why}`}`],
    ["file", task.file],
    ["priority", String(task.priority)],
    ["depends on", task.dependsOn.join(", ") || "nothing"],
    ["specs", task.specs.join(", ") || "all, by title"],
  ]);
  print();
  print(task.body.trim());
}

/** Makes a blocked or landed task ready again, with fresh attempts. */
export async function retryTask(options: { readonly cwd: string; readonly id: string }): Promise<void> {
  const project = await openProject(options.cwd);
  const checkout = await findTaskCheckout(project);
  const { queue, standing } = await readTasks(project);
  const task = findTask(queue, options.id);
  // Its landed ref would refuse a second landing: that is what it is for.
  const landed = landedRef(taskId(task.id));
  const known = await project.git.run(["for-each-ref", landed, mirrored(landed)]);
  const hasLanded = known !== "";
  const branch = standing.landed.has(task.id) ? undefined : (await listReviews(project)).get(task.id);
  if (branch !== undefined) {
    throw new RalphError("usage", `${task.id} is in review on ${branch}`, {
      hint: "Merge that branch, or delete it: then the task is ready again.",
    });
  }
  if (standingOf(task) === "ready" && !hasLanded) {
    print(`${task.id} is ready already; nothing was changed.`);
    return;
  }
  requireQueue(checkout, { id: task.id, target: project.config.target });
  const path = join(checkout.top, task.file);
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) {
    throw new RalphError("task-unknown", `${task.file} is not in this checkout`, {
      hint: "Put it back, and try again.",
    });
  }
  await writeFile(path, setTaskStatus(text, { status: "ready" }));
  await remoteOf(project)?.drop(landed);
  await project.git.run(["update-ref", "--stdin"], {
    input: `delete ${landed}\ndelete ${mirrored(landed)}\n`,
  });
  await tellOfTasks(project);
  print(`${task.id} is ready again. Its file changed: ${task.file}.`);
}

/** Elsewhere a file would change that nobody reads. */
function requireQueue(
  { isQueue, here, queueTop }: TaskCheckout,
  { id, target }: { readonly id: string; readonly target: string },
): void {
  if (isQueue) return;
  throw new RalphError("usage", `${id} is a task of ${target}, and here ${here} is checked out`, {
    hint:
      queueTop === null
        ? `Nothing was changed. Check ${target} out and try again: git checkout ${target}`
        : `Nothing was changed. Do it where ${target} is checked out: ${queueTop}`,
  });
}

async function readTasks(project: Project): Promise<{ readonly queue: Queue; readonly standing: Standing }> {
  await requireTarget(project);
  const { git, config } = project;
  const source = openQueue(project);
  try {
    const gates = new Set(config.gates.map((gate) => gate.name));
    const target = createGitTarget(git, { branch: config.target, sign: false, warn: print });
    const all = await source.read();
    const { problems } = checkQueue(all, {
      gates,
      agent: config.agent.kind,
      landed: await target.landedTasks(),
      hasChecks: (name) => sealedChecks(project).has(name),
    });
    return {
      queue: { tasks: all.tasks, problems },
      standing: resolveQueue(all.tasks, new Set(), await listReviews(project)),
    };
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

function findTask(queue: Queue, id: string): Task {
  const task = queue.tasks.find((candidate) => candidate.id === id);
  if (task !== undefined) return task;
  const broken = queue.problems.find((problem) => problem.task === id || problem.file.endsWith(`/${id}.md`));
  if (broken !== undefined) throw new RalphError("task-invalid", problemText(broken));
  const ids = queue.tasks.map((candidate) => candidate.id);
  return findTask(queue, findKnownTask(id, ids));
}
