/** Gates as processes: how they end, what they report, and what they may leave where the report should be. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createGateProcesses } from "../../../src/adapters/process/gate-process.ts";
import { noSandbox } from "../../../src/adapters/sandbox/containment.ts";
import { openOwnPlace, sweepOwnPlaces } from "../../../src/adapters/sandbox/own-place.ts";
import type { Gate } from "../../../src/core/config.ts";
import type { GateResult } from "../../../src/core/verdict.ts";
import { openPlainSandbox } from "../../support/plain-sandbox.ts";
import { hasMemory, makeFolder } from "../../support/repository.ts";

const folder = makeFolder("gates");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const reports = join(folder, "reports");
const config = {
  workspace: { setup: null, setupInputs: [], keep: [] },
  sandbox: { mode: "auto", egress: [], read: [], write: [] },
} as const;
const gates = createGateProcesses({
  reports,
  config,
  sandbox: noSandbox,
});
const never = new AbortController().signal;

const gate = (run: string, changed: Partial<Gate> = {}): Gate => ({
  name: "g",
  run,
  timeoutMs: 60_000,
  report: null,
  redBaseline: "hold",
  reportFile: null,
  env: [],
  optional: false,
  ...changed,
});

async function runAll(...wanted: readonly Gate[]): Promise<readonly GateResult[]> {
  const results = await gates.run({ gates: wanted, checkout: folder, logFolder: folder, signal: never });
  expect(readdirSync(reports)).toEqual([]);
  return results;
}

async function reportOf(command: string): Promise<GateResult["report"]> {
  const [result] = await runAll(gate(command, { report: "junit" }));
  return result?.report ?? null;
}

it("gives results in the order of the gates, with how each ended", async () => {
  const results = await runAll(
    gate("sleep 0.2; exit 3", { name: "slow" }),
    gate("printf '\\033[31mred\\033[0m\\n'", { name: "colored" }),
    gate("exec sleep 600", { name: "late", timeoutMs: 200 }),
    gate("kill -SEGV $$", { name: "crashed" }),
  );
  expect(results.map(({ gate: name, exit }) => [name, exit])).toEqual([
    ["slow", { kind: "exited", code: 3 }],
    ["colored", { kind: "exited", code: 0 }],
    ["late", { kind: "timed-out", timeoutMs: 200 }],
    ["crashed", { kind: "signaled", signal: "SIGSEGV" }],
  ]);
  expect(results[1]?.output).toBe("red\n");
  expect(readFileSync(results[1]?.logFile ?? "", "utf8")).toContain("red");
});

it("begins the log of a gate anew at each run", async () => {
  await runAll(gate("echo first", { name: "twice" }));
  const [second] = await runAll(gate("echo second", { name: "twice" }));
  expect(readFileSync(second?.logFile ?? "", "utf8")).toBe("second\n");
});

it("ends a gate when the run is stopped", async () => {
  const signal = AbortSignal.abort();
  const results = await gates.run({
    gates: [gate("exec sleep 600")],
    checkout: folder,
    logFolder: folder,
    signal,
  });
  expect(results[0]?.exit).toEqual({ kind: "signaled", signal: "the supervisor" });
});

it("reads a report, and tells one that is missing or unreadable", async () => {
  const report = `<testsuite><testcase classname="c" name="t"/></testsuite>`;
  expect(await reportOf(`echo '${report}' > "$RALPH_REPORT"`)).toMatchObject({
    kind: "read",
    tests: [{ outcome: "passed" }],
  });
  expect(await reportOf("true")).toEqual({ kind: "missing" });
  expect(await reportOf(`echo '<testsuite>' > "$RALPH_REPORT"`)).toMatchObject({ kind: "unreadable" });
  const [unwanted] = await runAll(gate(`echo x > "$RALPH_REPORT"`));
  expect(unwanted?.report).toBeNull();
});

it("reads nothing that is no file in the place of a report, and is not stopped by it", async () => {
  const elsewhere = join(folder, "elsewhere.xml");
  writeFileSync(elsewhere, `<testsuite><testcase name="t"/></testsuite>`);
  const unreadable = { kind: "unreadable", reason: "it is not a file" };
  expect(await reportOf(`mkfifo "$RALPH_REPORT"`)).toEqual(unreadable);
  expect(await reportOf(`ln -s /dev/zero "$RALPH_REPORT"`)).toEqual(unreadable);
  expect(await reportOf(`ln -s ${elsewhere} "$RALPH_REPORT"`)).toEqual(unreadable);
  expect(await reportOf(`mkdir -p "$RALPH_REPORT/inner"`)).toEqual(unreadable);
  expect(existsSync(elsewhere)).toBe(true);
  expect(await reportOf(`truncate -s 60M "$RALPH_REPORT"`)).toEqual({
    kind: "unreadable",
    reason: "it has 62914560 bytes",
  });
});

/** A gate whose report is in the checkout. */
const reportIn = async (reportFile: string, command: string): Promise<GateResult["report"]> => {
  const [result] = await runAll(gate(command, { report: "junit", reportFile }));
  return result?.report ?? null;
};
const suiteOf = (...names: readonly string[]): string =>
  `<testsuite>${names.map((name) => `<testcase name="${name}"/>`).join("")}</testsuite>`;
const passed = (...names: readonly string[]): GateResult["report"] => ({
  kind: "read",
  tests: names.map((name) => ({ name, outcome: "passed" })),
});

it("takes a report from the checkout: all new files that the glob names, as one", async () => {
  const write = (path: string, name: string): string =>
    `mkdir -p "$(dirname ${path})" && echo '${suiteOf(name)}' > ${path}`;
  const commands = [
    write("out/b/TEST-2.xml", "two"),
    write("out/a/TEST-1.xml", "one"),
    write("out/a/notes.txt", "notes"),
    write("elsewhere/TEST-3.xml", "three"),
    write("node_modules/out/TEST-4.xml", "four"),
  ];
  expect(await reportIn("out/**/TEST-*.xml", commands.join(" && "))).toEqual(passed("one", "two"));
  expect(
    await reportIn(
      "**/out2/*.xml",
      `${write("deep/out2/r.xml", "deep")} && ${write("node_modules/out2/r.xml", "no")}`,
    ),
  ).toEqual(passed("deep"));
  expect(await reportIn("one.xml", `${write("one.xml", "one")} && ${write("deep/one.xml", "no")}`)).toEqual(
    passed("one"),
  );
});

it("takes no report from the checkout that was there before, wherever else it looks like one", async () => {
  mkdirSync(join(folder, "old"));
  writeFileSync(join(folder, "old/r.xml"), suiteOf("old"));
  expect(await reportIn("old/*.xml", `echo '${suiteOf("new")}' > old/r.xml`)).toEqual({
    kind: "missing",
    where: "old/*.xml in the checkout (what was there before the gate began does not count)",
  });
  expect(await reportIn("old/*.xml", `echo '${suiteOf("new")}' > old/s.xml`)).toEqual(passed("new"));
  expect(await reportIn("never/*.xml", `echo '${suiteOf("new")}' > "$RALPH_REPORT"`)).toEqual({
    kind: "missing",
    where: "never/*.xml in the checkout",
  });
});

it("follows no link to a report in the checkout, and reads nothing there that is no file", async () => {
  const outside = join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "r.xml"), suiteOf("outside"));
  const unreadable = (path: string) => ({ kind: "unreadable", reason: `${path} is not a file` });
  const good = `mkdir -p links && echo '${suiteOf("good")}' > links/good.xml`;
  expect(await reportIn("links/*.xml", `${good} && ln -s ${outside}/r.xml links/r.xml`)).toEqual(
    unreadable("links/r.xml"),
  );
  expect(await reportIn("pipes/*.xml", "mkdir pipes && mkfifo pipes/r.xml")).toEqual(
    unreadable("pipes/r.xml"),
  );
  expect(await reportIn("away/*.xml", `ln -s ${outside} away`)).toEqual({
    kind: "missing",
    where: "away/*.xml in the checkout",
  });
  expect(await reportIn("large/*.xml", "mkdir large && truncate -s 60M large/r.xml")).toEqual({
    kind: "unreadable",
    reason: "large/r.xml has 62914560 bytes",
  });
});

it("takes no report from a checkout that cannot be looked through", async () => {
  const deepen = "name=$(printf 'd%.0s' {1..100}); for _ in {1..60}; do mkdir $name && cd $name; done";
  await runAll(gate(`mkdir deep-down && cd deep-down; ${deepen}`));
  try {
    const report = await reportIn("deep-down/**/r.xml", `echo '${suiteOf("new")}' > deep-down/r.xml`);
    const shown = `deep-down/${"d".repeat(50)}…`;
    expect(report).toEqual({
      kind: "unreadable",
      reason: `${shown} cannot be looked through (ENAMETOOLONG)`,
    });
  } finally {
    execFileSync("rm", ["-rf", join(folder, "deep-down")]);
  }
});

it("tells trouble with one gate only when the others have ended, too", async () => {
  mkdirSync(join(folder, "gate-broken.log", "inner"), { recursive: true });
  const running = runAll(gate("true", { name: "broken" }), gate("sleep 0.2; touch ended", { name: "slow" }));
  await expect(running).rejects.toThrow("gate-broken.log");
  expect(existsSync(join(folder, "ended"))).toBe(true);
});

it("reads a report as its kind says", async () => {
  const lines = [
    '{"Action":"run","Package":"p","Test":"TestA"}',
    '{"Action":"pass","Package":"p","Test":"TestA"}',
    '{"Action":"pass","Package":"p"}',
  ];
  const [result] = await runAll(
    gate(`printf '%s\\n' '${lines.join("' '")}' > "$RALPH_REPORT"`, { report: "go-json" }),
  );
  expect(result?.report).toEqual(passed("p > TestA"));
});

it("leaves no process of a gate that could write its report later", async () => {
  const pidFile = join(folder, "pid");
  const late = `(setsid bash -c 'trap "" TERM; echo $$ > ${pidFile}; while true; do :; done' &)`;
  expect(await reportOf(`${late}; until test -s ${pidFile}; do :; done`)).toEqual({ kind: "missing" });
  const pid = readFileSync(pidFile, "utf8").trim();
  expect(hasMemory(Number(pid))).toBe(false);
});

it("gives a gate the variables that it names, and another digest when they differ", async () => {
  process.env["RALPH_TEST_GATE"] = "one";
  try {
    const named = gate('echo "$RALPH_TEST_GATE"', { env: ["RALPH_TEST_GATE"] });
    const unnamed = gate('echo "$RALPH_TEST_GATE"', { name: "h" });
    const results = await runAll(named, unnamed);
    expect(results.map(({ output }) => output)).toEqual(["one\n", "\n"]);
    const before = [named, unnamed].map((each) => gates.environmentDigest(each));
    process.env["RALPH_TEST_GATE"] = "two";
    const after = [named, unnamed].map((each) => gates.environmentDigest(each));
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  } finally {
    delete process.env["RALPH_TEST_GATE"];
  }
});

it("says of a checkout that is gone that the gate could not be started", async () => {
  const gone = join(folder, "gone");
  mkdirSync(gone);
  rmSync(gone, { recursive: true });
  const results = await gates.run({
    gates: [gate("true")],
    checkout: gone,
    logFolder: folder,
    signal: never,
  });
  expect(results[0]?.exit).toEqual({ kind: "not-started", reason: `the directory ${gone} is gone` });
});

it("gives each run of a gate temporary files of its own, which are gone afterwards", async () => {
  const command = 'echo "$TMPDIR"; ls -A "$TMPDIR"; touch "$TMPDIR/mark"; test ${#TMPDIR} -lt 60';
  const runs = [...(await runAll(gate(command))), ...(await runAll(gate(command)))];
  expect(runs.map(({ exit }) => exit)).toEqual(runs.map(() => ({ kind: "exited", code: 0 })));
  const [first, second] = runs.map(({ output }) => output.trim());
  expect(first).not.toBe(second);
  expect([first, second].filter((path) => existsSync(path ?? ""))).toEqual([]);
});

it("removes the temporary files that gates of a killed supervisor left, and no others", async () => {
  const checkout = join(folder, "work", "slot", "tree");
  mkdirSync(checkout, { recursive: true });
  const place = await openOwnPlace(noSandbox, checkout, { writable: [], readable: [], profile: "gates" });
  const path = place.env["TMPDIR"] ?? "";
  await sweepOwnPlaces(join(folder, "another"));
  expect(existsSync(path)).toBe(true);
  await sweepOwnPlaces(join(folder, "work"));
  expect(existsSync(path)).toBe(false);
});

describe("in a sandbox", () => {
  const sandbox = openPlainSandbox(folder);
  const contained = createGateProcesses({
    reports,
    config,
    sandbox,
  });
  const checkout = join(folder, "work", "contained", "tree");
  mkdirSync(checkout, { recursive: true });
  const run = (...wanted: readonly Gate[]): Promise<readonly GateResult[]> =>
    contained.run({ gates: wanted, checkout, logFolder: folder, signal: never });

  it("each run has a home and temporary files of its own, and a mark in them does not last", async () => {
    const command = "ls -A ~ /tmp/marks; echo x >~/mark && mkdir /tmp/marks && echo x >/tmp/marks/mark";
    const [first] = await run(gate(command));
    const [second] = await run(gate(command));
    expect(first?.exit).toEqual({ kind: "exited", code: 0 });
    expect(second?.output).not.toContain("\nmark");
    expect(readdirSync(join(checkout, ".."))).toEqual(["tree"]);
  });

  it("a gate writes its own report and no other gate's", async () => {
    const own = `<testsuite><testcase classname="a" name="own"/></testsuite>`;
    const write = `echo '${own}' >"$RALPH_REPORT"; ls -A "$(dirname "$RALPH_REPORT")/.."`;
    const wanted = ["one", "two"].map((name) => gate(`${write} | wc -l`, { name, report: "junit" }));
    const results = await run(...wanted);
    expect(results.map(({ report }) => report?.kind)).toEqual(["read", "read"]);
    expect(results.map(({ output }) => output.trim())).toEqual(["1", "1"]);
  });

  it("a pass counts only for the level at which it was seen", () => {
    expect(contained.environmentDigest(gate("true"))).not.toBe(gates.environmentDigest(gate("true")));
  });
});
