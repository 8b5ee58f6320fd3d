/** Notices that a task was done by somebody else while an agent worked on it: a person, or another supervisor. */
import type { Task } from "../core/task.ts";
import { parseTask } from "../formats/task-file.ts";
import type { AttemptScope } from "./scope.ts";

/** Why nothing is to be landed for the task any more; null: it is still to be done. */
export async function doneElsewhere({ ports }: AttemptScope, task: Task): Promise<string | null> {
  const text = await ports.queue.readText(task.file);
  const parsed = text === null ? null : parseTask(text, task.file, ports.digest);
  const hasLanded = parsed?.kind === "task" && parsed.task.status === "landed";
  if (hasLanded) return `${task.id} has landed meanwhile, from elsewhere`;
  const review = (await ports.target.reviews()).get(task.id);
  return review === undefined ? null : `${task.id} is in review already, on ${review.branch}`;
}
