/** Child program of the benchmark: opens a folder of tasks as the loop does, reads it cold, then after one change. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { openTaskFolder } from "../src/adapters/queue/task-folder.ts";
import { taskName } from "./sample-project.ts";

const [top = "", changes = "0"] = process.argv.slice(2);
const folder = openTaskFolder(top, "tasks");
const cold = await timed(() => folder.read());
// Until the watcher is ready, each read looks at everything again.
while ((await timed(() => folder.read())).ms > 1) await new Promise((resolve) => setTimeout(resolve, 50));
const changed: number[] = [];
for (let i = 1; i <= Number(changes); i += 1) {
  const hint = folder.changed(AbortSignal.timeout(10_000));
  appendFileSync(join(top, "tasks", `${taskName(i)}.md`), "\nOne more line.\n");
  await hint;
  const { value, ms } = await timed(() => folder.read());
  const isSeen = value.tasks.some((task) => task.id === taskName(i) && task.body.endsWith("more line.\n"));
  if (!isSeen) throw new Error(`the change of ${taskName(i)} was not seen`);
  changed.push(ms);
}
await folder[Symbol.asyncDispose]();
console.log(JSON.stringify({ coldMs: cold.ms, tasks: cold.value.tasks.length, changed }));

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startMs = performance.now();
  const value = await work();
  return { value, ms: performance.now() - startMs };
}
