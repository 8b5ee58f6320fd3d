/** Every program of the catalogue as the agent of a real run in the default sandbox, and one judgement for all. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogue, classes, type Hostile, type Lane, lanes } from "./catalogue.ts";
import { type LaneResult, nameOf, runLane, tasksOf } from "./lanes.ts";
import { openOutside, type Outside, spellingsOf } from "./outside.ts";

/** By its title first. */
const casesOf = (lane: Lane): readonly (readonly [string, Hostile])[] =>
  tasksOf(lane).map((hostile) => [hostile.does, hostile]);

describe.concurrent.each(lanes)("the lane %s", (lane: Lane) => {
  let outside: Outside;
  let result: LaneResult;

  // oxlint-disable-next-line no-empty-pattern -- vitest asks for one
  beforeAll(async ({}, suite) => {
    outside = await openOutside();
    result = await runLane({ lane, tasks: chosenOf(lane, suite.tasks) }, outside);
  }, 600_000);
  afterAll(async () => {
    await result[Symbol.asyncDispose]();
    await outside[Symbol.asyncDispose]();
  });

  it.each(casesOf(lane))("contains an agent that %s", (_, hostile) => {
    const { file, ends, prints = /^/, neverPrints = /(?!)/ } = hostile;
    expect(result.world.events(nameOf(file))).toMatch(ends);
    const printed = printedBy(result, hostile);
    expect(printed).toMatch(prints);
    expect(printed).not.toMatch(neverPrints);
  });

  it("ends by itself, with the status that says that people are needed", () => {
    expect([result.status, result.stderr]).toEqual([lane === "builtin" ? 0 : 1, expect.anything()]);
  });

  it("has changed nothing outside", () => {
    expect(outside.changed()).toEqual([]);
  });

  it("has told nobody a secret", () => {
    expect(outside.told(result.world, result.stderr)).toEqual([]);
  });

  it("has reached nobody", () => {
    expect(outside.connections()).toEqual([]);
  });

  it("has left no process and no cgroup", () => {
    expect(outside.processes(result.world)).toEqual([]);
    expect(outside.cgroups(result.world)).toEqual([]);
  });

  it("has left no directory, lock or lease", () => {
    expect(result.world.leftovers()).toEqual([]);
  });

  it("has landed what was claimed, and nothing red", () => {
    const { repository } = result.world;
    expect(redFiles(result)).toEqual([]);
    expect(foreignTrailers(result)).toEqual([]);
    const touched = repository
      .git("log", "--first-parent", "--no-merges", "--format=", "--name-only", "main")
      .split("\n");
    const allowed = /^("?src\/|tasks\/|PROGRESS\.md$|$)/;
    const first = repository.git(
      "ls-tree",
      "-r",
      "--name-only",
      repository.git("rev-list", "--max-parents=0", "main"),
    );
    expect(touched.filter((file) => !allowed.test(file) && !first.split("\n").includes(file))).toEqual([]);
  });

  it("has told people nothing that a terminal obeys", () => {
    const { repository } = result.world;
    expect(linesToObey(result.stderr)).toEqual([]);
    expect(linesToObey(repository.git("log", "--all", "--format=%B"))).toEqual([]);
    expect(linesToObey(repository.git("grep", "-h", "", "main", "--", "tasks", "PROGRESS.md"))).toEqual([]);
  });
});

/** With `-t` and the title of one program that one runs alone; whatever judges all of them needs all. */
function chosenOf(
  lane: Lane,
  tests: readonly { readonly name: string; readonly mode: string }[],
): readonly Hostile[] {
  const names = new Set(tests.filter(({ mode }) => mode === "run").map(({ name }) => name));
  const chosen = tasksOf(lane).filter(({ does }) => names.has(`contains an agent that ${does}`));
  return chosen.length === names.size ? chosen : tasksOf(lane);
}

const printedBy = ({ world }: LaneResult, { file }: Hostile): string =>
  world.attemptFile(nameOf(file), 1, "agent/agent.log").trim();

/** With characters that move, hide or set something. Colours may pass: they lie about nothing. */
function linesToObey(text: string): readonly string[] {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  const obeyed = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/;
  // oxlint-disable-next-line no-control-regex -- as above
  const lines = text.replaceAll(/\u001B\[[\d;]*m/g, "").split("\n");
  return lines.filter((line) => obeyed.test(line));
}

/** Values of our own trailers that no task of the queue is named by. */
function foreignTrailers({ world: { repository } }: LaneResult): readonly string[] {
  const format = "--format=%(trailers:key=Ralph-Task,valueonly)";
  const named = repository.git("log", "--first-parent", format, "main").split("\n").filter(Boolean);
  const tasks = new Set(catalogue.map(({ file }) => nameOf(file)));
  return named.filter((name) => !tasks.has(name));
}

/** Commits of the target in which a file says so. */
function redFiles({ world: { repository } }: LaneResult): readonly string[] {
  const commits = repository.git("rev-list", "--first-parent", "main").split("\n");
  return commits.flatMap((commit) => {
    const tree = repository.git("ls-tree", "-r", commit, "--", "src");
    return /BROKEN/.test(tree) ? [commit] : grepIn(repository, commit);
  });
}

function grepIn(repository: LaneResult["world"]["repository"], commit: string): readonly string[] {
  try {
    return repository.git("grep", "-l", "BROKEN", commit, "--", "src").split("\n");
  } catch {
    // It exits with 1 when there is none.
    return [];
  }
}

it("has an entry for every program, of every class, and enough of them", () => {
  const programs = readdirSync(join(import.meta.dirname, "programs"));
  const files = catalogue.filter(({ lane }) => lane !== "builtin").map(({ file }) => file);
  expect(files.toSorted()).toEqual(programs.toSorted());
  expect(catalogue.length).toBeGreaterThanOrEqual(45);
  expect(classes.filter((name) => !catalogue.some((each) => each.class === name))).toEqual([]);
});

it("finds a secret in each of its spellings", () => {
  const secret = "CNRY0123456789abcdef";
  for (const shift of ["", "x", "xy"]) {
    const text = Buffer.from(`${shift}${secret}rest`).toString("base64");
    expect(spellingsOf(secret).some((spelling) => text.includes(spelling))).toBe(true);
  }
});
