/** `ralphwright task add`: writes a task file that the queue takes as it is, and says where it would be held up. */
import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGitTarget } from "../adapters/git/git-target.ts";
import { openTaskFolder } from "../adapters/queue/task-folder.ts";
import { digest } from "../adapters/state/pass-files.ts";
import type { Task } from "../core/task.ts";
import { RalphError, unlessAbsent } from "../errors.ts";
import { nearestWord } from "../formats/nearest.ts";
import { parseTask, renderTask, slugOf, type TaskDraft } from "../formats/task-file.ts";
import { tellOfTasks } from "./ask.ts";
import { hasTarget, openProject, type Project } from "./compose.ts";
import { likelyTask } from "./known-task.ts";
import { columns, errorText, print, wrap } from "./print.ts";
import { findTaskCheckout, type TaskCheckout } from "./task-checkout.ts";

export interface AddOptions {
  readonly cwd: string;
  readonly draft: TaskDraft;
}

/** Numbers follow the highest one in the folder, so that a listing is in the order of writing. */
export async function addTask({ cwd, draft }: AddOptions): Promise<void> {
  if (draft.title.trim() === "") {
    throw new RalphError("usage", "a task needs a title, and this one is empty", {
      hint: 'Say in one line what to do: ralphwright task add "Limit the rate of requests"',
    });
  }
  const project = await openProject(cwd);
  const { config } = project;
  const checkout = await findTaskCheckout(project);
  const names = await listBelow(join(checkout.top, config.tasks));
  const numbers = names.map((name) => Number(/(?:^|\/)(\d+)/.exec(name)?.[1] ?? 0));
  const number = String(Math.max(0, ...numbers) + 1).padStart(4, "0");
  const file = `${config.tasks}/${number}-${slugOf(draft.title)}.md`;
  const text = renderTask(draft);
  const task = requireTask(text, file);
  const warnings = [
    ...(await unknownTasks(project, checkout.top, task)),
    ...(await unknownSpecs(project, checkout.top, task)),
  ];
  await writeWhole(join(checkout.top, file), text);
  if (checkout.isQueue) await tellOfTasks(project);
  print(wrap(`Wrote ${file}${nextStep(checkout, config.target)}`, columns(), ""));
  for (const warning of warnings) process.stderr.write(`${errorText(warning, process.stderr.columns)}\n`);
}

function nextStep({ isQueue, here, queueTop }: TaskCheckout, target: string): string {
  if (isQueue) return ". Say in it what is accepted; a running supervisor picks it up by itself.";
  const other = queueTop === null ? `check ${target} out` : `add it in ${queueTop}`;
  return ` on ${here}. A supervisor of ${target} takes it once it is on ${target}: commit it there, or ${other}.`;
}

const listBelow = async (folder: string): Promise<readonly string[]> =>
  (await unlessAbsent(readdir(folder, { recursive: true }))) ?? [];

/** What the queue would refuse is not written. */
function requireTask(text: string, file: string): Task {
  const parsed = parseTask(text, file, digest);
  if (parsed.kind === "task") return parsed.task;
  const why = parsed.problems.map(({ message }) => message).join("; ");
  throw new RalphError("usage", `the queue would refuse this task: ${why}`, { hint: "Nothing was written." });
}

interface Warning {
  readonly message: string;
  readonly hint: string;
}

/** They may be written later, in any order: a warning, not a refusal. */
async function unknownTasks(project: Project, top: string, task: Task): Promise<readonly Warning[]> {
  if (task.dependsOn.length === 0) return [];
  await using folder = openTaskFolder(top, project.config.tasks);
  const here = (await folder.read()).tasks.map(({ id }) => id);
  const known = [...here, ...(await listLanded(project))];
  return task.dependsOn
    .filter((on) => !known.includes(on))
    .map((on) => ({
      message: `depends_on names ${on}, and no task has that id: ${task.id} is stuck until one has`,
      hint: hintFor(likelyTask(on, known), task.file),
    }));
}

async function listLanded(project: Project): Promise<readonly string[]> {
  if (!(await hasTarget(project))) return [];
  const { git, config } = project;
  const target = createGitTarget(git, { branch: config.target, sign: false, warn: print });
  return [...(await target.landedTasks()).keys()];
}

/** An agent is shown what of `specs` is a Markdown file in their folder, and is told nothing of the rest. */
async function unknownSpecs({ config }: Project, top: string, task: Task): Promise<readonly Warning[]> {
  if (task.specs.length === 0) return [];
  const names = await listBelow(join(top, config.specs));
  const known = names.filter((name) => name.endsWith(".md")).map((name) => `${config.specs}/${name}`);
  return task.specs
    .filter((spec) => !known.includes(spec))
    .map((spec) => {
      const inFolder = `${config.specs}/${spec}`;
      const likely = known.includes(inFolder) ? inFolder : nearestWord(spec, known);
      return {
        message: `specs names ${spec}, and there is no such Markdown file in ${config.specs}/: agents are not shown it`,
        hint: hintFor(likely, task.file),
      };
    });
}

const hintFor = (likely: string | null, file: string): string =>
  `${likely === null ? "" : `Did you mean ${likely}? `}Mend it in ${file}.`;

/** A supervisor may read it at any moment: all of it is there, or nothing. @throws Error when the name is taken. */
async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomUUID()}`;
  await writeFile(beside, content, { flag: "wx" });
  try {
    await link(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}
