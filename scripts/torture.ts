/**
 * Kills, faults, doubles and besets supervisors, and judges what they leave: `npm run torture`. The short part takes
 * less than three minutes on two cores, the long one (`-- --long`) a night. Exits with 1 when a promise was broken.
 */
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeFolder } from "../test/support/repository.ts";
import { families } from "../test/torture/families.ts";
import { type Family, type Outcome, runLanes } from "../test/torture/scenario.ts";
import { openWorldSource, type WorldSource } from "../test/torture/torture-world.ts";

const names = families.map(({ name }) => name);
const usage = `npm run torture -- [--only ${names.join(",")}] [--long] [--count <n>]
                   [--seed <n>] [--case <name>] [--lanes <n>]

${families.map(({ name, purpose }) => `  ${name.padEnd(8)}${purpose}`).join("\n")}

Then one undisturbed run, and the world is judged: docs/torture.md.

--long   all of it, with a seed of its own: a night and more
--count  so many scenarios of each family, evenly spread or from --seed on
--case   the one scenario of that name, as a broken promise names it
--lanes  so many at the same time, by default one for each core
`;

interface Wishes {
  readonly families: readonly Family[];
  readonly isLong: boolean;
  readonly count: number | null;
  readonly seed: number;
  readonly only: string | null;
  readonly lanes: number;
}

/** Null: the help was asked for. */
function readWishes(): Wishes | null {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      long: { type: "boolean", default: false },
      count: { type: "string" },
      seed: { type: "string" },
      case: { type: "string" },
      lanes: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const wanted = values.only?.split(",") ?? names;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}; there are ${names.join(", ")}`);
  if (values.case !== undefined && wanted.length !== 1) throw new Error("--case needs --only with one name");
  const drawn = values.long ? Math.floor(Math.random() * 1e9) : 1;
  return {
    families: families.filter(({ name }) => wanted.includes(name)),
    isLong: values.long,
    count: values.count === undefined ? null : numberOf("count", values.count),
    seed: values.seed === undefined ? drawn : numberOf("seed", values.seed),
    only: values.case ?? null,
    lanes: values.lanes === undefined ? availableParallelism() : numberOf("lanes", values.lanes),
  };
}

function numberOf(option: string, text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new Error(`--${option} is a whole number above 0, not ${text}`);
}

interface Tally {
  readonly family: Family;
  readonly scenarios: number;
  readonly broken: number;
  readonly figures: ReadonlyMap<string, number>;
  readonly seconds: number;
}

/** Often enough to see that it goes on. */
const tellEvery = 20;

async function runFamily(
  source: WorldSource,
  family: Family,
  wishes: Wishes,
  signal: AbortSignal,
): Promise<Tally> {
  const startedAt = performance.now();
  const { seed, only, lanes, isLong } = wishes;
  const count = wishes.count ?? (isLong ? family.long : family.quick);
  const scenarios = await family.plan(source, { count, seed, only });
  if (scenarios.length === 0) throw new Error(`${family.name} has no scenario ${only ?? ""}`);
  const figures = new Map<string, number>();
  let [done, broken] = [0, 0];
  const tell = (outcome: Outcome): void => {
    done += 1;
    for (const [name, times] of outcome.figures) figures.set(name, (figures.get(name) ?? 0) + times);
    if (outcome.kept !== null) {
      broken += 1;
      tellBroken(family, outcome);
    }
    if (done % tellEvery === 0 || done === scenarios.length)
      console.log(`${family.name}: ${done} of ${scenarios.length}, ${broken} broken`);
  };
  await runLanes(source, scenarios, { lanes, tell, signal });
  return {
    family,
    scenarios: done,
    broken,
    figures,
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
}

function tellBroken({ name }: Family, { scenario, broken, kept }: Outcome): void {
  console.log(`\n${name} ${scenario.name}:`);
  for (const sentence of broken) console.log(`  ${sentence}`);
  console.log(`  again: npm run torture -- --only ${name} --case ${scenario.name}`);
  console.log(`  world: ${kept ?? ""}\n`);
}

function tellTallies(tallies: readonly Tally[]): void {
  console.log("\nfamily   scenarios  broken  seconds  what was done");
  for (const { family, scenarios, broken, figures, seconds } of tallies) {
    const columns = [String(scenarios).padStart(9), String(broken).padStart(7), String(seconds).padStart(8)];
    const done = [...figures].map(([name, times]) => `${times} ${name}`).join(", ");
    console.log(`${family.name.padEnd(8)} ${columns.join(" ")}  ${done}`);
  }
}

/** The first Ctrl-C lets what runs come to its end, the second does not. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => {
    console.log("stopping: what runs comes to its end");
    stop.abort();
  });
  return stop.signal;
}

async function main(): Promise<number> {
  const wishes = readWishes();
  if (wishes === null) {
    console.log(usage);
    return 0;
  }
  const root = makeFolder("torture");
  const signal = listenForStop();
  const tallies: Tally[] = [];
  console.log(`seed ${wishes.seed}, ${wishes.lanes} lanes`);
  for (const family of wishes.families) {
    if (signal.aborted) break;
    console.log(`${family.name}: ${family.purpose}`);
    // Worlds of two families may have one name, and those with a broken promise are kept.
    const source = openWorldSource(join(root, family.name));
    tallies.push(await runFamily(source, family, wishes, signal));
  }
  tellTallies(tallies);
  const isBroken = tallies.some(({ broken }) => broken > 0);
  if (!isBroken) await rm(root, { recursive: true, force: true, maxRetries: 5 });
  return isBroken || signal.aborted ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`torture: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
