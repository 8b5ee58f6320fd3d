/**
 * What must be true of a world in the end, wherever its supervisors died: nothing lost, nothing double, nothing red on
 * the target, nothing left behind. Each broken promise is one sentence.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { readJournal } from "../../src/adapters/state/journal-file.ts";
import type { Ending, TortureWorld } from "./torture-world.ts";

/** Lines like `    at Loop.run (…)`, also where a log has them as JSON. */
const stackTrace = /(?:\n|\\n)\s+at .+:\d+/;

/** What any supervisor may say, however it was treated. */
export function judgeEnding({ said, status }: Ending): readonly string[] {
  const broken: string[] = [];
  if (stackTrace.test(said)) broken.push(`it told a stack trace: ${firstTrouble(said)}`);
  if (status === 70) broken.push("it ended with 70, as by a defect");
  if (said.includes("HUNG")) broken.push("it did not end");
  return broken;
}

const firstTrouble = (said: string): string =>
  said
    .split("\n")
    .find((line) => /Error|stack/.test(line))
    ?.slice(0, 400) ?? "";

/** `expected`: how many tasks land, by name; the others are given up. `people`: commits that somebody else made. */
export interface Expectation {
  readonly landed: readonly string[];
  readonly givenUp: readonly string[];
  readonly people?: number;
  /** One of two that cannot both be green: which of them lands is open. */
  readonly oneOf?: readonly string[];
  /** State directories of several supervisors, of which each may give up what another one gave up. */
  readonly states?: readonly string[];
}

const standardEnd: Expectation = { landed: ["good", "tail"], givenUp: ["red"] };

export async function judgeWorld(
  world: TortureWorld,
  last: Ending,
  expected = standardEnd,
): Promise<readonly string[]> {
  const states = expected.states ?? [world.state];
  const commits = await commitsOf(world);
  const broken = [
    ...judgeLast(last, expected),
    ...judgeTarget(commits, expected),
    ...(await judgeColours(world, commits)),
    ...(await judgeRefs(world, commits, expected)),
    ...(await judgeCheckout(world)),
    ...(expected.states === undefined ? judgeJournal(world, expected) : []),
    ...states.flatMap((state) => leftInState(state)),
    ...leftAround(world),
    ...livingProcesses(world).map(({ pid, command }) => `still runs: ${pid} ${command}`),
  ];
  return broken;
}

/**
 * What must be true even where somebody took the lease away and two supervisors wrote one journal: nothing lands twice,
 * nothing red lands, every landing has its ref.
 */
export async function judgeSafety(world: TortureWorld): Promise<readonly string[]> {
  const commits = await commitsOf(world);
  const subjects = commits.map((line) => line.slice(41));
  const landed = world.plan.tasks.filter((task) => timesOf(subjects, `Do ${task}`) > 0);
  const twice = landed.filter((task) => timesOf(subjects, `Do ${task}`) > 1);
  return [
    ...twice.map((task) => `"Do ${task}" landed more than once`),
    ...(await judgeColours(world, commits)),
    ...(await judgeRefs(world, commits, { landed, givenUp: [] })),
  ];
}

async function commitsOf(world: TortureWorld): Promise<readonly string[]> {
  const log = await world.git("log", "--first-parent", "--format=%H %s", `${world.first}..main`);
  return log.split("\n").filter((line) => line !== "");
}

/** Red is what changed the words, and what holds both of two changes that are green alone. All in one question. */
async function judgeColours(world: TortureWorld, commits: readonly string[]): Promise<readonly string[]> {
  const files = ["words", "left", "right"].map((name) => `src/${name}.txt`);
  const asked = [world.first, ...commits.map((line) => line.slice(0, 40))].flatMap((commit) =>
    files.map((file) => `${commit}:${file}`),
  );
  const told = await world.gitWith(`${asked.join("\n")}\n`, "cat-file", "--batch-check");
  const objects = told.split("\n").map((line) => (line.endsWith(" missing") ? null : line));
  const isRed = (at: number): boolean => {
    const [words, left, right] = objects.slice(3 * at, 3 * at + 3);
    return words !== objects[0] || (left !== null && right !== null);
  };
  const red = commits.filter((_, at) => isRed(at + 1));
  return red.map((line) => `a red commit is on the target: ${line}`);
}

/** 0 when the queue is drained, 1 when some tasks need a person. */
function judgeLast(
  { status, signal, said }: Ending,
  { givenUp, oneOf = [] }: Expectation,
): readonly string[] {
  const wanted = givenUp.length + oneOf.length === 0 ? 0 : 1;
  const last = said.trim().split("\n").slice(-2).join(" ");
  return status === wanted ? [] : [`the last run ended with ${status ?? signal}, not ${wanted}: ${last}`];
}

function judgeTarget(commits: readonly string[], expected: Expectation): readonly string[] {
  const subjects = commits.map((line) => line.slice(41));
  const ends = endsOf(subjects, expected);
  const broken: string[] = [];
  for (const task of ends.landed) broken.push(...onceAs(subjects, `Do ${task}`));
  const isAlone = expected.states === undefined;
  const givenUp = ends.givenUp.flatMap((task) => timesOf(subjects, `Give up ${task}`));
  if (givenUp.some((times) => times === 0 || (isAlone && times > 1)))
    broken.push(`${ends.givenUp.join(", ")} should have been given up once each: ${subjects.join("; ")}`);
  const people = subjects.filter((subject) => subject.startsWith("Person ")).length;
  if (people !== (expected.people ?? 0))
    broken.push(`${people} commits of people are on the target, not ${expected.people ?? 0}`);
  const wanted = ends.landed.length + sum(givenUp) + (expected.people ?? 0);
  if (subjects.length !== wanted)
    broken.push(`the target has ${subjects.length} commits, not ${wanted}: ${subjects.join("; ")}`);
  return broken;
}

/** Which of two clashing tasks landed is known afterwards; the other one must have been given up. */
function endsOf(
  subjects: readonly string[],
  { landed, givenUp, oneOf = [] }: Expectation,
): Pick<Expectation, "landed" | "givenUp"> {
  const lucky = oneOf.filter((task) => subjects.includes(`Do ${task}`)).slice(0, 1);
  const others = oneOf.filter((task) => !lucky.includes(task));
  return { landed: [...landed, ...lucky], givenUp: [...givenUp, ...others] };
}

function onceAs(subjects: readonly string[], beginning: string): readonly string[] {
  const times = timesOf(subjects, beginning);
  return times === 1 ? [] : [`"${beginning}" is on the target ${times} times`];
}

const timesOf = (subjects: readonly string[], beginning: string): number =>
  subjects.filter((subject) => subject === beginning || subject.startsWith(`${beginning}:`)).length;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

async function judgeRefs(
  world: TortureWorld,
  commits: readonly string[],
  expected: Expectation,
): Promise<readonly string[]> {
  const refs = (await world.git("for-each-ref", "--format=%(refname)")).split("\n");
  const landed = refs.filter((ref) => ref.startsWith("refs/ralph/landed/")).map((ref) => ref.slice(18));
  const subjects = commits.map((line) => line.slice(41));
  const wanted = endsOf(subjects, expected).landed;
  const broken: string[] = [];
  if (landed.toSorted().join(" ") !== wanted.toSorted().join(" "))
    broken.push(`landed refs are "${landed.join(" ")}", not "${wanted.join(" ")}"`);
  const known = /^refs\/(?:heads\/(?:main|desk)|ralph\/(?:landed|attempts)\/.+)$/;
  for (const ref of refs.filter((each) => !known.test(each))) broken.push(`a ref was left: ${ref}`);
  return broken;
}

async function judgeCheckout(world: TortureWorld): Promise<readonly string[]> {
  const dirty = await world.git("status", "--porcelain", "--ignored");
  return dirty === "" ? [] : [`the checkout is not clean: ${dirty.replaceAll("\n", ", ")}`];
}

function judgeJournal(world: TortureWorld, { landed, givenUp, oneOf = [] }: Expectation): readonly string[] {
  const records = readJournal(join(world.state, "journal.jsonl"));
  const broken: string[] = [];
  if (!records.every(({ seq }, i) => seq === i + 1)) broken.push("the journal's numbers have gaps");
  const count = (type: string): number => records.filter(({ event }) => event.type === type).length;
  const wanted = {
    "task-landed": landed.length + oneOf.length / 2,
    "task-blocked": givenUp.length + oneOf.length / 2,
  };
  for (const [type, number] of Object.entries(wanted))
    if (count(type) !== number) broken.push(`the journal tells ${type} ${count(type)} times, not ${number}`);
  return broken;
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

function leftInState(state: string): readonly string[] {
  const left = ["work", "scratch"].flatMap((folder) =>
    namesIn(join(state, folder))
      .filter((name) => name !== "reports")
      .map((name) => `${folder}/${name}`),
  );
  const reports = namesIn(join(state, "scratch", "reports")).map((name) => `scratch/reports/${name}`);
  const odd = namesIn(state).filter(
    (name) => name.startsWith("lease") || /\.(?:tmp|partial|lock)\b/.test(name),
  );
  const passes = namesIn(join(state, "passes")).filter((name) => !/^[0-9a-f]{64}\.json$/.test(name));
  return [...left, ...reports, ...odd, ...passes].map((name) => `left in the state directory: ${name}`);
}

function leftAround(world: TortureWorld): readonly string[] {
  const locks = readdirSync(join(world.repository, ".git"), { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".lock"),
  );
  const temporary = namesIn(join(world.folder, "tmp"));
  return [
    ...locks.map((name) => `left in the repository: .git/${name}`),
    ...temporary.map((name) => `left in tmp: ${name}`),
  ];
}

/** Whatever works in this world, marked or not. */
export const livingProcesses = ({ folder }: Pick<TortureWorld, "folder">): readonly LivingProcess[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => lookAt(pid, `${folder}/`) ?? []);

export interface LivingProcess {
  readonly pid: number;
  readonly command: string;
  /** Whether it carries the mark of a supervisor, by which the next one finds it. */
  readonly isMarked: boolean;
}

function lookAt(pid: string, folder: string): LivingProcess | null {
  const environment = textOf(`/proc/${pid}/environ`);
  const isHere = [linkOf(`/proc/${pid}/cwd`), environment].some((text) => text.includes(folder));
  if (!isHere || /\) [ZX]/.test(textOf(`/proc/${pid}/stat`))) return null;
  const command = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").slice(0, 80);
  return { pid: Number(pid), command, isMarked: environment.includes("RALPH_GROUP=") };
}

function linkOf(path: string): string {
  try {
    return `${readlinkSync(path)}/`;
  } catch {
    return "";
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
