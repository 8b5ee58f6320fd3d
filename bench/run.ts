/** `npm run bench`: measures what the contract limits and prints figures beside their limits. Never a test: it exits with 0. */
import { parseArgs } from "node:util";
import { measureAgent, measureClients } from "./agent.ts";
import { countCalls } from "./calls.ts";
import { measureContainment } from "./containment.ts";
import { type Figure, renderFigures } from "./figure.ts";
import { measureFunctions } from "./functions.ts";
import { measureGuard } from "./guard.ts";
import { measureIdle } from "./idle.ts";
import { measureJournal } from "./journal.ts";
import { measureLine } from "./line.ts";
import { measureLoop } from "./loop.ts";
import { measureMemory } from "./memory.ts";
import { measureRecovery } from "./recovery.ts";
import { measureSlots } from "./slots.ts";
import { measureStart } from "./start.ts";
import { measureTasks } from "./tasks.ts";

const usage = `Usage: npm run bench -- [options]

  --only <names>   some of: loop, line, guard, calls, start, memory, tasks, slots,
                   idle, containment, journal, recovery, functions, agent,
                   clients (what other agents on PATH send first)
  --repeats <n>    repetitions of whole runs (5)
  --tasks <n>      tasks in each measured run (20)
  --attempts <n>   attempts for the memory figures (300)
  --seconds <n>    how long an idle daemon is watched (60)
  --long           10,000 attempts for the memory figures
  --below <path>   folder for the memory run, such as a memory disk
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    repeats: { type: "string", default: "5" },
    tasks: { type: "string", default: "20" },
    attempts: { type: "string", default: "300" },
    seconds: { type: "string", default: "60" },
    long: { type: "boolean", default: false },
    below: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const repeats = Number(values.repeats);
const tasks = Number(values.tasks);
const attempts = values.long ? 10_000 : Number(values.attempts);

const sections: Readonly<Record<string, () => readonly Figure[] | Promise<readonly Figure[]>>> = {
  loop: () => measureLoop({ tasks, repeats }),
  line: () => measureLine({ tasks, repeats }),
  calls: () => countCalls(tasks),
  start: () => measureStart(repeats),
  memory: () => measureMemory(attempts, values.below),
  tasks: () => measureTasks(repeats),
  journal: () => measureJournal(),
  recovery: () => measureRecovery(1_000_000, 100_000, repeats),
  slots: () => measureSlots(repeats),
  idle: () => measureIdle(Number(values.seconds)),
  functions: measureFunctions,
  guard: () => measureGuard(repeats),
  containment: () => measureContainment(repeats),
  agent: () => measureAgent(repeats),
  clients: measureClients,
};

if (values.help) process.stdout.write(usage);
else await measureAll(values.only?.split(",") ?? Object.keys(sections));

async function measureAll(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const measure = sections[name];
    if (measure === undefined) throw new Error(`there is no section ${name}\n\n${usage}`);
    console.log(`\n${name}`);
    process.stdout.write(renderFigures(await measure()));
  }
}
