/** `ralphwright run` before anything is touched: what it refuses, in which words, with which exit status. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { it } from "vitest";
import { makeFolder } from "../support/repository.ts";
import { createWorld } from "../support/world.ts";

it.concurrent("asks for a configuration where there is none", async ({ expect }) => {
  await using world = await createWorld();
  rmSync(join(world.repository.path, "ralph.config.yaml"));
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: there is no ralph.config.yaml here
      Run \`ralphwright init\`: it looks at the project and writes one."
  `);
});

it.concurrent("names every problem of the configuration at its place", async ({ expect }) => {
  await using world = await createWorld({
    files: {
      "ralph.config.yaml": "version: 1\ngatez: []\nconcurrency: many\ngates: [{ name: a, run: 'true' }]\n",
    },
  });
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: the configuration is invalid: 2 problems:
      ralph.config.yaml:2:1: unknown key "gatez"; did you mean "gates"?
      ralph.config.yaml:3:14: concurrency: expected a whole number of at least 1, but found "many"
      Mend what is named; docs/configuration.md describes every key."
  `);
});

it.concurrent("asks for an agent where none is configured", async ({ expect }) => {
  await using world = await createWorld({ config: { agent: { kind: "command" } } });
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: no agent is configured: agent.command is not set
      Set it in ralph.config.yaml, or pass --agent-command. \`ralphwright demo\` shows a run without one."
  `);
});

it.concurrent("names the branches when the target does not exist", async ({ expect }) => {
  await using world = await createWorld({ config: { target: "release" } });
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: the target branch release does not exist (branches here: main)
      Set \`target\` in ralph.config.yaml, or make the first commit."
  `);
});

it.concurrent("refuses to start over uncommitted changes, and names them", async ({ expect }) => {
  await using world = await createWorld();
  world.repository.write("src/words.mjs", "half a thought\n");
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: main is checked out in <repository> with uncommitted changes: src/words.mjs
      Commit or stash them, or check out another branch there: landings would have to overwrite them."
  `);
  expect(world.records()).toEqual([]);
});

/** A PATH with all programs of the real one but this. */
function pathWithout(program: string): string {
  const folder = makeFolder("path");
  for (const from of (process.env["PATH"] ?? "").split(":").toReversed()) {
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      rmSync(join(folder, name), { force: true });
      if (name !== program) symlinkSync(join(from, name), join(folder, name));
    }
  }
  return folder;
}

it.concurrent("refuses to run without a sandbox, unless it is said to be off", async ({ expect }) => {
  const path = pathWithout("bwrap");
  await using world = await createWorld();
  const env = { PATH: `${dirname(process.execPath)}:${path}` };
  const run = await world.run({ env });
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: no sandbox is to be had here: bubblewrap is not installed
      Install it: apt-get install bubblewrap, dnf install bubblewrap or apk add bubblewrap.
      \`sandbox: off\` in ralph.config.yaml, or --sandbox off for one run, accepts that agents and gates run with your rights."
  `);
  expect(world.records()).toEqual([]);
  const off = await world.run({ env, args: ["--sandbox", "off"] });
  expect(off.status).toBe(0);
  expect(off.lines.slice(0, 2).join("\n")).toMatchInlineSnapshot(`
    "run <time> on main; sandbox: off
    NO SANDBOX: agents and gates run with your rights, because \`sandbox\` is off in ralph.config.yaml, by --sandbox or by RALPH_SANDBOX"
  `);
  expect(world.records()[0]?.event).toMatchObject({ type: "run-started", sandbox: "off" });
  rmSync(path, { recursive: true });
});

it.concurrent("refuses to run where every level fails, and sends nobody to a weaker one", async ({
  expect,
}) => {
  const path = makeFolder("path");
  writeFileSync(join(path, "bwrap"), "#!/bin/sh\necho broken >&2\nexit 1\n", { mode: 0o755 });
  await using world = await createWorld();
  const run = await world.run({ env: { PATH: `${path}:${process.env["PATH"] ?? ""}` } });
  rmSync(path, { recursive: true });
  expect(run.status).toBe(2);
  const said = run.lines.join("\n");
  expect(said).toContain("bubblewrap: broken; bubblewrap, network open: broken");
  expect(said).toContain("`sandbox: off` in ralph.config.yaml, or --sandbox off for one run");
  expect(said).not.toMatch(/weaker/i);
});

it.concurrent("refuses to run without the strongest sandbox where one is required", async ({ expect }) => {
  await using world = await createWorld({ config: { sandbox: { mode: "required" } } });
  const path = pathWithout("bwrap");
  const run = await world.run({ env: { PATH: `${dirname(process.execPath)}:${path}` } });
  rmSync(path, { recursive: true });
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: sandbox: required, and the strongest sandbox is not to be had here: bubblewrap is not installed
      Install it: apt-get install bubblewrap, dnf install bubblewrap or apk add bubblewrap.
      \`sandbox: auto\` in ralph.config.yaml, or --sandbox auto for one run, takes the next weaker level as well: an open network, or root without a user of its own.
      \`sandbox: off\` in ralph.config.yaml, or --sandbox off for one run, accepts that agents and gates run with your rights."
  `);
});

it.concurrent("says what to do when git does not know who commits", async ({ expect }) => {
  await using world = await createWorld();
  world.repository.git("config", "user.useConfigOnly", "true");
  const names = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
  const run = await world.run({ env: Object.fromEntries(names.map((name) => [name, undefined])) });
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: git does not know who commits here
      git config user.name "…" and git config user.email "…": landings are commits in that name."
  `);
  expect(run.status).toBe(2);
  expect(world.events("one")).not.toContain("agent");
});

it.concurrent("says what to do when the state directory cannot be written", async ({ expect }) => {
  await using world = await createWorld();
  writeFileSync(join(world.state, "file"), "");
  const run = await world.run({ env: { RALPH_STATE_DIR: join(world.state, "file", "state") } });
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: the state directory <state>/file/state cannot be written: <state>/file is a file
      Set RALPH_STATE_DIR to a directory that you may write."
  `);
});

it.concurrent("refuses to keep its state inside the repository", async ({ expect }) => {
  await using world = await createWorld();
  const run = await world.run({ env: { RALPH_STATE_DIR: join(world.repository.path, ".state") } });
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: the state directory <repository>/.state lies inside the repository (<repository>)
      Set RALPH_STATE_DIR to the full path of a directory outside of the repository."
  `);
  expect(existsSync(join(world.repository.path, ".state"))).toBe(false);
});

it.concurrent("names the flag or the variable whose value is wrong", async ({ expect }) => {
  await using world = await createWorld();
  const run = await world.run({ args: ["--until", "late"], env: { RALPH_SANDBOX: "some" } });
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: the configuration is invalid: 2 problems:
      --until: expected a time of day such as "07:00", but found "late"
      RALPH_SANDBOX: expected one of auto, required, off, but found "some"
      Mend what is named; docs/configuration.md describes every key."
  `);
});

it.concurrent("does not take an empty flag for none, and runs nothing: it may be the limit that somebody counts on", async ({
  expect,
}) => {
  await using world = await createWorld();
  const run = await world.run({ args: ["--max-usd", ""], env: { RALPH_MAX_USD: "5" } });
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: --max-usd is empty
      Give it a value, or leave it out. A variable of the shell may not be set."
  `);
  expect(world.landed()).toEqual([]);
  const unset = await world.run({ env: { RALPH_MAX_USD: "" } });
  expect(unset.status).toBe(0);
});

it.concurrent("says loudly as what an agent counts that reports no money, where money is limited", async ({
  expect,
}) => {
  await using world = await createWorld();
  const limited = await world.run({ args: ["--max-usd", "3"] });
  expect(limited.status).toBe(0);
  const warnings = limited.stderr.split("\n").filter((line) => line.includes("does not report what it uses"));
  expect(warnings).toEqual([expect.stringContaining('"level":"warn"')]);
  expect((await world.run()).stderr).not.toContain("does not report what it uses");
});

it.concurrent("runs from a folder below the top, too", async ({ expect }) => {
  await using world = await createWorld();
  mkdirSync(join(world.repository.path, "deep"));
  const run = await world.run({ cwd: join(world.repository.path, "deep") });
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
});

it.concurrent("says where a journal is broken and leaves it as it is", async ({ expect }) => {
  await using world = await createWorld();
  await world.run();
  const file = join(world.state, "journal.jsonl");
  const broken = readFileSync(file, "utf8").replace("attempt-started", "attempt-sterted");
  writeFileSync(file, broken);
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: <state>/journal.jsonl:2: the journal is broken: the line does not match its checksum
      What has landed is in git and safe. \`ralphwright doctor --repair-journal\` keeps the lines before it and sets the rest aside."
  `);
  expect(readFileSync(file, "utf8")).toBe(broken);
});

it.concurrent("cuts a half-written last line off the journal and goes on", async ({ expect }) => {
  await using world = await createWorld();
  await world.run();
  const file = join(world.state, "journal.jsonl");
  appendFileSync(file, '{"v":1,"seq":11,"at":"2026');
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(run.stderr).toContain("cut a half-written line of 26 bytes off the journal");
});

it.concurrent("loses nothing but history when the state directory is deleted", async ({ expect }) => {
  await using world = await createWorld({ tasks: ["one", "two"], agent: { two: "breaks-a-test" } });
  await world.run();
  rmSync(world.state, { recursive: true });
  mkdirSync(world.state);
  world.repository.write("tasks/two.md", world.onTarget("tasks/two.md").replace("Do it.", "Do it again."));
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toBe("");
  // Attempt 1 is in git, and its number is not used again.
  expect(world.events("two")).toContain("attempt 2");
  expect(world.kept()).toEqual(["two/1", "two/2"]);
});

it.concurrent("tells a Ctrl-C once, and the second one too", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start({ args: ["--log", "plain"] });
  await world.meetAgent();
  run.kill("SIGINT");
  await run.told("finishing what runs");
  run.kill("SIGINT");
  const { status, lines } = await run.done;
  expect(status).toBe(130);
  const told = lines.filter((line) => /finishing what runs|stopping now/.test(line));
  expect(told).toEqual([
    "SIGINT: finishing what runs; once more to stop now",
    expect.stringMatching(/^[\d:]+ stopping now$/),
  ]);
});

it.concurrent("says at its start and in status until when it runs, and what it may use", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "meets-the-test",
    config: { limits: { run: { usd: 20, turns: 9 }, attempts: 1, rounds: 0 } },
  });
  const minuteAgo = new Date(Date.now() - 60_000).toTimeString().slice(0, 5);
  const run = world.start({ args: ["--until", minuteAgo] });
  const agent = await world.meetAgent();
  const until = new RegExp(
    `until +\\d{4}-\\d\\d-\\d\\d ${minuteAgo} \\(in 23 h 5\\d min\\): nothing new starts after`,
  );
  const { stdout } = await world.run({ command: "status" });
  expect(stdout).toMatch(until);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(
    "spent price unknown, limit 20.00 USD, 0 tokens, 0 of 9 turns in this run",
  );
  agent.behaveAs("lands-a-change");
  const done = await run.done;
  expect(done.status).toBe(0);
  expect(done.lines.join("\n")).toMatch(until);
});

it.concurrent("warns of a variable that it does not know: it may be the limit that somebody counts on", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: [] });
  const run = await world.run({ env: { RALPH_MAX_TASK: "5" } });
  expect(run.status).toBe(0);
  expect(run.lines[0]).toBe("RALPH_MAX_TASK is set, and means nothing here; did you mean RALPH_MAX_TASKS?");
});

it.concurrent("has an id of its own, also where a run before it was in the same second", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: [] });
  await world.run();
  const soon = new Date(Date.now() + 3_600_000);
  utimesSync(join(world.state, "journal.jsonl"), soon, soon);
  await world.run();
  const [first = "", second = ""] = world
    .records()
    .flatMap(({ event }) => (event.type === "run-started" ? [event.run] : []));
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
  expect(second).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/);
});

it.concurrent("says where a folder is in the place of the journal, and what to do", async ({ expect }) => {
  await using world = await createWorld({ tasks: [] });
  const journal = join(world.state, "journal.jsonl");
  mkdirSync(journal);
  for (const command of [{}, { command: "status" }] as const) {
    const told = await world.run(command);
    expect(told.status).toBe(2);
    expect(told.lines).toEqual([
      expect.stringMatching(/^ralphwright: .*journal\.jsonl is a folder, and the journal is a file$/),
      "  Move it away: what has landed is in git and safe, and a new journal begins.",
    ]);
  }
});
