/** `ralphwright task add`: writes a task file, and says whether a supervisor takes it from there. */
import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RalphError, unlessAbsent } from "../errors.ts";
import { renderTask, slugOf, type TaskDraft } from "../formats/task-file.ts";
import { tellOfTasks } from "./ask.ts";
import { openProject } from "./compose.ts";
import { columns, print, wrap } from "./print.ts";
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
  await writeWhole(join(checkout.top, file), renderTask(draft));
  if (checkout.isQueue) await tellOfTasks(project);
  print(wrap(`Wrote ${file}${nextStep(checkout, config.target)}`, columns(), ""));
}

function nextStep({ isQueue, here, queueTop }: TaskCheckout, target: string): string {
  if (isQueue) return ". Say in it what is accepted; a running supervisor picks it up by itself.";
  const other = queueTop === null ? `check ${target} out` : `add it in ${queueTop}`;
  return ` on ${here}. A supervisor of ${target} takes it once it is on ${target}: commit it there, or ${other}.`;
}

const listBelow = async (folder: string): Promise<readonly string[]> =>
  (await unlessAbsent(readdir(folder, { recursive: true }))) ?? [];

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
