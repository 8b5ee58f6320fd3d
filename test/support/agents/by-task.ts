/** Behaves as another agent of this folder: `task=agent,agent` gives one for each attempt, the last for the rest. */
import { attempt, task } from "./hands.ts";

const choices = new Map(
  process.argv.slice(2).map((choice) => {
    const [name = "", programs = ""] = choice.split("=");
    return [name, programs];
  }),
);
const agents = (choices.get(task) ?? choices.get("*") ?? "lands-a-change").split(",");
await import(`./${agents[attempt - 1] ?? agents.at(-1)}.ts`);
