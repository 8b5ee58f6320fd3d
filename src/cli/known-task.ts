/** From what somebody typed to a task that is known: its id, the only one that begins so, or the nearest one. */
import { RalphError } from "../errors.ts";
import { nearestWord } from "../formats/nearest.ts";

/** @throws RalphError `task-unknown` with the task that was probably meant. */
export function findKnownTask(typed: string, known: readonly string[]): string {
  if (known.includes(typed)) return typed;
  const longer = known.filter((id) => id.startsWith(typed));
  const [only] = longer;
  if (longer.length === 1 && only !== undefined) return only;
  throw new RalphError("task-unknown", `nothing is known of a task ${typed}`, {
    hint: hintFor(typed, longer, known),
  });
}

/** The task that was probably meant; null when nobody can say. */
export function likelyTask(typed: string, known: readonly string[]): string | null {
  const [only, ...others] = known.filter((id) => id.startsWith(typed));
  return only !== undefined && others.length === 0 ? only : nearestWord(typed, known);
}

const namesShownMax = 5;

function hintFor(typed: string, longer: readonly string[], known: readonly string[]): string {
  if (longer.length > 1) return `These begin so: ${longer.slice(0, namesShownMax).join(", ")}.`;
  const near = nearestWord(typed, known);
  return near === null ? "`ralphwright task list` names the tasks." : `Did you mean ${near}?`;
}
