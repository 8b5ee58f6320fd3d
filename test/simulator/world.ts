/**
 * What supervisors of one simulated repository share: the target with its refs, the queue, the wall clock, and people.
 *
 * A command's answer comes from test/core/driver.ts; here is what it does to the target, in the moment in which it does it.
 */
import type { OpenAttemptEvent } from "../../src/core/attempt-step.ts";
import { type CommitSha, commitSha, type TaskId, taskId } from "../../src/core/ids.ts";
import type { AttemptCommand, SpendLimits } from "../../src/core/message.ts";
import { standingOf, type Task } from "../../src/core/task.ts";
import { answer, asWritten, editTask, isUnlucky, newCommit, pick, taskOf } from "../core/driver.ts";
import { broken } from "./broken.ts";
import { type Dice, rollDice } from "./dice.ts";
import type { Supervisor } from "./supervisor.ts";

export interface World {
  readonly dice: Dice;
  readonly roll: Dice["roll"];
  /** Wall-clock time: people and time servers set it, forwards and backwards. */
  nowMs: number;
  made: number;
  tasks: readonly Task[];
  readonly target: SimulatedTarget;
  readonly settings: Settings;
  readonly supervisors: Supervisor[];
  /** For people; null: nobody reads it. */
  readonly told: string[] | null;
}

/** As the configuration would say it. */
export interface Settings {
  readonly concurrency: number;
  readonly judgingMax: number;
  readonly attemptsMax: number;
  readonly roundsMax: number;
  readonly mode: "target" | "branch";
  readonly day: SpendLimits;
}

interface SimulatedTarget {
  tip: CommitSha;
  /** What the supervisors landed on it. */
  readonly holds: Set<CommitSha>;
  /** Landed refs. */
  readonly landed: Map<TaskId, CommitSha>;
  /** Highest kept attempt of each task. */
  readonly kept: Map<TaskId, number>;
  reviews: ReadonlyMap<TaskId, { readonly branch: string; readonly commit: CommitSha }>;
  /** Commits that the gates accepted → what they were composed on. */
  readonly accepted: Map<CommitSha, CommitSha>;
}

const hourMs = 3_600_000;
const startMs = 1_000 * hourMs;

export function createWorld(seed: number, isTold: boolean): World {
  const dice = rollDice(seed);
  const { roll } = dice;
  const tasks = Array.from({ length: 1 + roll(5) }, (_, at) => {
    const dependsOn = at > 0 && roll(3) === 1 ? [taskId(`task-${at}`)] : [];
    return taskOf(`task-${at + 1}`, { dependsOn });
  });
  return {
    dice,
    roll,
    nowMs: startMs,
    made: 0,
    tasks,
    target: {
      tip: commitSha("tip"),
      holds: new Set(),
      landed: new Map(),
      kept: new Map(),
      reviews: new Map(),
      accepted: new Map(),
    },
    settings: {
      concurrency: 1 + roll(4),
      judgingMax: 1 + roll(4),
      attemptsMax: 1 + roll(3),
      roundsMax: roll(3),
      mode: roll(4) === 3 ? "branch" : "target",
      day: someSpendLimits(dice),
    },
    supervisors: [],
    told: isTold ? [] : null,
  };
}

export const someSpendLimits = ({ roll }: Pick<Dice, "roll">): SpendLimits => ({
  usdMax: roll(4) === 3 ? 1 + roll(12) : null,
  tokensMax: roll(8) === 7 ? 100 + roll(2_000) : null,
  turnsMax: roll(8) === 7 ? 1 + roll(30) : null,
});

/** Carries a command out: from here on the world is different, whether anybody hears the answer or not. */
export function carryOut(world: World, by: Supervisor, command: AttemptCommand): OpenAttemptEvent {
  const { task, attempt } = command;
  const isComposing = command.type === "compose-change";
  const reason = isComposing ? doneElsewhere(world, task) : null;
  if (reason !== null) return { type: "attempt-interrupted", task, attempt, reason, commit: null };
  // Somebody made the file of a task ready that had landed, or was faster: a ref cannot be created twice.
  if (command.type.startsWith("land") && (world.target.reviews.has(task) || isLandedAgain(world, command)))
    return { type: "landing-refused", task, attempt, reason: "the ref is there already" };
  const { mode } = world.settings;
  const { roll, nowMs, target, made } = world;
  const ground = { roll, mode, state: by.state, nowMs, tip: target.tip, made };
  const event = answer(ground, command);
  world.made = ground.made;
  takeEffect(world, by, event, command);
  // What was done is done, whatever trouble came after it.
  const isLost = event.type !== "command-failed" && command.type === "land" && isUnlucky(world, 120);
  if (!isLost) return event;
  by.books.loseNews(task);
  return { type: "command-failed", task, attempt, command: command.type, reason: "the disk is full" };
}

const isLandedAgain = ({ target }: World, { type, task }: AttemptCommand): boolean =>
  type === "land" && target.landed.has(task);

function doneElsewhere({ tasks, target }: World, id: TaskId): string | null {
  const task = tasks.find((one) => one.id === id);
  if (task?.status === "landed") return `${id} has landed meanwhile, from elsewhere`;
  return target.reviews.has(id) ? `${id} is in review already` : null;
}

function takeEffect(world: World, by: Supervisor, event: OpenAttemptEvent, command: AttemptCommand): void {
  const { target } = world;
  const { task, attempt } = event;
  switch (event.type) {
    case "workspace-prepared":
      if (by.workspaces.has(task)) broken("a workspace is made once", `${task} has one already`);
      by.workspaces.add(task);
      return;
    case "workspace-released":
      by.workspaces.delete(task);
      return;
    case "command-failed":
      // Then it is swept away at the next start.
      if (command.type === "release-workspace") by.workspaces.delete(task);
      return;
    case "change-sealed":
      if (event.change.kind === "changed")
        target.kept.set(task, Math.max(attempt, target.kept.get(task) ?? 0));
      return;
    case "verdict-reached":
      if (event.verdict.kind === "accept")
        target.accepted.set(event.verdict.candidate.commit, event.verdict.candidate.base);
      return;
    case "task-landed":
    case "review-opened":
    case "task-blocked":
      if (command.type === "land" || command.type === "land-record") moveRefs(world, by, event, command);
      return;
    default:
  }
}

type Landing = Extract<OpenAttemptEvent, { type: "task-landed" | "review-opened" | "task-blocked" }>;
type LandCommand = Extract<AttemptCommand, { type: "land" | "land-record" }>;

/** One ref transaction. */
function moveRefs(world: World, by: Supervisor, event: Landing, { candidate, type }: LandCommand): void {
  const { target, settings } = world;
  const { task } = event;
  const { commit, base } = candidate;
  if (target.accepted.get(commit) !== base)
    broken("nothing lands unjudged", `${commit} on ${base} has no accept verdict`);
  by.books.hasLanded(task, commit);
  if (settings.mode === "branch") {
    target.reviews = new Map(target.reviews).set(task, { branch: `ralph/${task}`, commit });
    return;
  }
  if (target.tip !== base) broken("the target moves by compare-and-swap", `${commit} is not on the tip`);
  if (type === "land") {
    if (target.landed.has(task)) broken("no task lands twice", `${task} as ${commit}`);
    target.landed.set(task, commit);
    target.kept.delete(task);
  }
  target.tip = commit;
  target.holds.add(commit);
  world.tasks = asWritten({ tasks: world.tasks, state: by.state }, event);
}

/** What nobody tells the loop: pushes, edits, reviews, and a clock that is set. */
export function meddle(world: World): void {
  const { roll, target } = world;
  world.nowMs += roll(3_000);
  // A suspend looks the same from here: the wall clock is later, and nothing else has happened.
  if (isUnlucky(world, 60)) world.nowMs += pick(world, [-1, 1, -2, 2, 7, -26, 200] as const) * hourMs;
  if (isUnlucky(world, 50)) target.tip = newCommit(world, "pushed");
  if (target.reviews.size > 0 && isUnlucky(world, 25)) review(world);
  if (isUnlucky(world, 25)) editQueue(world);
}

/** A person merges a branch, however that is done, or deletes it. */
function review(world: World): void {
  const { target, roll } = world;
  const task = [...target.reviews.keys()][roll(target.reviews.size)];
  if (task === undefined) return;
  for (const { books } of world.supervisors) books.loseNews(task);
  target.reviews = new Map([...target.reviews].filter(([other]) => other !== task));
  if (roll(2) === 1) return;
  target.tip = newCommit(world, "merged");
  world.tasks = editTask(world.tasks, task, { status: "landed" });
}

function editQueue(world: World): void {
  const { roll, tasks } = world;
  const task = tasks[roll(tasks.length)];
  const how = roll(8);
  if (how === 6 && tasks.length < 9) {
    world.made += 1;
    world.tasks = [...tasks, taskOf(`new-${world.made}`)];
  }
  if (task === undefined) return;
  if (how === 7) world.tasks = tasks.filter((other) => other !== task);
  if (how < 3) world.tasks = editTask(tasks, task.id, { text: `edit ${(world.made += 1)}` });
  if (how === 3 && task.status === "ready") world.tasks = editTask(tasks, task.id, { status: "draft" });
  if (how === 4 && task.status === "draft") world.tasks = editTask(tasks, task.id, { status: "ready" });
  // By hand, and against advice: the landed ref is left.
  if (how === 5 && standingOf(task) !== "ready")
    world.tasks = editTask(tasks, task.id, { status: "ready", blocked: null });
}
