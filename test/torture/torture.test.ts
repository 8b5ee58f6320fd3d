/** The torture itself: it numbers what it should, breaks what it should, and sees what it should. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeFolder } from "../support/repository.ts";
import { families } from "./families.ts";
import { runScenario } from "./scenario.ts";
import { openWorldSource } from "./torture-world.ts";
import { parseTrace, recordTrace, type TraceLine } from "./trace.ts";
import { judgeEnding, judgeWorld } from "./world-judge.ts";

const root = makeFolder("torture");
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
const source = openWorldSource(root);
const trace = recordTrace(source);

/** The first boundary of that name at that place. */
async function numberOf(name: string, place: string): Promise<number> {
  const isIt = (line: TraceLine): boolean => line.name === name && line.place.startsWith(place);
  return (await trace).find(isIt)?.number ?? 0;
}

/** Runs the one scenario of a family, and tells which promises it broke. */
async function play(family: string, name: string): Promise<readonly string[]> {
  const found = families.find((each) => each.name === family);
  const [scenario] = (await found?.plan(source, { count: 1, seed: 1, only: name })) ?? [];
  if (scenario === undefined) return [`there is no scenario ${name}`];
  return (await runScenario(source, scenario, `${family}-${name.replaceAll(":", "-")}`)).broken;
}

it("numbers reads, writes, flushes, starts, ends, signals and pipes of a supervisor, and no loading of code", async () => {
  const lines = await trace;
  const names = new Set(lines.map(({ name, place }) => `${name} ${place}`));
  expect([...names]).toEqual(
    expect.arrayContaining([
      "fs.writeSync state/journal.jsonl",
      "fs.fsyncSync state/journal.jsonl",
      "promises.readFile repo/ralph.config.yaml",
      "start git update-ref",
      "end git update-ref",
      "start sh",
      "signal SIGKILL",
      "socket.write ",
    ]),
  );
  expect(lines.filter(({ isReading }) => !isReading).length).toBeGreaterThan(150);
  expect(lines.filter(({ place }) => /\.ts$|node_modules/.test(place))).toEqual([]);
});

it.each([
  ["after", "fs.writeSync", "state/lease.json."],
  ["after", "fs.writeSync", "state/passes/"],
  ["after", "promises.mkdir", "state/scratch/reports/"],
  ["before", "fs.fsyncSync", "state/journal.jsonl"],
  ["before", "end", "git update-ref"],
  ["after", "start", "sh"],
] as const)("keeps all promises when it is killed right %s %s of %s", async (side, name, place) => {
  expect(await play("kills", `${side}:${await numberOf(name, place)}`)).toEqual([]);
});

it.each(["ENOSPC:5:on", "EMFILE:2:on", "EAGAIN:1:once", "fsync:3:once", "short:4:on"])(
  "keeps all promises when this goes wrong: %s",
  async (name) => {
    expect(await play("faults", name)).toEqual([]);
  },
);

it("ends when it cannot shut its door to others, for good", async () => {
  const hit = (await trace).filter(({ faults }) => faults.includes("EIO"));
  const at =
    hit.findIndex(({ name, place }) => name === "fs.chmodSync" && place === "state/control.sock") + 1;
  expect(at).toBeGreaterThan(0);
  expect(await play("faults", `EIO:${at}:on`)).toEqual([]);
});

it.each([
  ["the gate of a change", "bash", false],
  ["what brings the checkout up to date after a landing", "git read-tree", true],
] as const)("loses nothing where there is no process left for %s", async (_what, place, isLasting) => {
  const plan = { tasks: ["good"], isCheckedOut: true };
  const undisturbed = await source.make(`alone-${isLasting}`, plan);
  await undisturbed.start().end;
  const starts = parseTrace(readFileSync(undisturbed.trace, "utf8")).filter(({ name }) => name === "start");
  const at = starts.findLastIndex((line) => line.place === place) + 1;
  expect(at).toBeGreaterThan(0);
  const world = await source.make(`starved-${isLasting}`, plan);
  const starved = await world.start({ order: { fault: { kind: "EAGAIN", at, isLasting } } }).end;
  expect([judgeEnding(starved), starved.said.includes("EAGAIN")]).toEqual([[], true]);
  const last = await world.start().end;
  expect(await judgeWorld(world, last, { landed: ["good"], givenUp: [] })).toEqual([]);
});

it.each([
  ["multi", "4"],
  ["split", "5"],
  ["trees", "1"],
])("keeps all promises of one scenario of %s", async (family, name) => {
  expect(await play(family, name)).toEqual([]);
});

it("sees what is lost, double, red, torn or left behind", async () => {
  const world = await source.make("planted");
  const last = await world.start().end;
  expect(await judgeWorld(world, last)).toEqual([]);
  const commit = async (text: string, subject: string): Promise<void> => {
    writeFileSync(join(world.repository, "src/words.txt"), text);
    await world.git("commit", "-q", "--allow-empty", "-am", subject);
  };
  await commit("broken\n", "Do good");
  await world.git("update-ref", "refs/ralph/odd", "HEAD");
  await world.git("update-ref", "-d", "refs/ralph/landed/tail");
  const files = ["state/work/x", "state/scratch/y.index", "state/lease.json", "state/passes/z.partial"];
  for (const file of [...files, "tmp/t", "repo/.git/index.lock", "repo/new"])
    writeFileSync(join(world.folder, file), "");
  const child = spawn("sleep", ["100"], { cwd: world.folder });
  const told = await judgeWorld(world, { status: 5, signal: null, said: "stopped" });
  child.kill("SIGKILL");
  expect(told.map((sentence) => sentence.replaceAll(/[0-9a-f]{40}|\d{2,}/g, "*"))).toEqual([
    "the last run ended with 5, not 1: stopped",
    '"Do good" is on the target 2 times',
    expect.stringContaining("the target has 4 commits, not 3: Do good;"),
    "a red commit is on the target: * Do good",
    'landed refs are "good", not "good tail"',
    "a ref was left: refs/ralph/odd",
    "the checkout is not clean: ?? new",
    "left in the state directory: work/x",
    "left in the state directory: scratch/y.index",
    "left in the state directory: lease.json",
    "left in the state directory: z.partial",
    "left in the repository: .git/index.lock",
    "left in tmp: t",
    expect.stringContaining("still runs: * sleep *"),
  ]);
});

it("takes no stack trace, no defect and no silence for an end in order", () => {
  const stack = "oh\n    at run (file:///loop.ts:10:5)\n";
  expect(judgeEnding({ status: 70, signal: null, said: stack })).toEqual([
    expect.stringContaining("it told a stack trace"),
    "it ended with 70, as by a defect",
  ]);
  expect(judgeEnding({ status: 2, signal: null, said: "ralphwright: the disk is full" })).toEqual([]);
});
