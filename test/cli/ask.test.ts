/** What stop, pause, resume and status say where the holder of the lease is somewhere else, or somebody else's. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { takeLease } from "../../src/adapters/state/lease-file.ts";
import { mainProgram } from "../support/program.ts";
import { createRepository, gitEnvironment, makeFolder, type TestRepository } from "../support/repository.ts";

const folder = makeFolder("ask");
const state = join(folder, "state");
const lease = join(state, "lease.json");
const since = "2026-11-20T22:00:03.000Z";
const another = { pid: 4711, pidNamespace: "pid:[1]", host: "build-3", since };
let repository: TestRepository;

beforeAll(() => {
  repository = createRepository({
    "ralph.config.yaml": 'agent: { command: "true" }\ngates: [{ name: t, run: "true" }]\n',
  });
  // The one that opened it may look inside.
  chmodSync(folder, 0o755);
  mkdirSync(join(state, "scratch"), { recursive: true, mode: 0o700 });
});

afterAll(() => {
  repository[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** As this process would hold it, with some fields changed. */
function writeLease(changed: object): void {
  const own = join(folder, "own.json");
  using _ = takeLease(own, since);
  writeFileSync(lease, JSON.stringify({ ...JSON.parse(readFileSync(own, "utf8")), ...changed }));
}

function call(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: state, NO_COLOR: "1", TZ: "UTC" };
  return spawnSync(process.execPath, [mainProgram, ...args], {
    cwd: repository.path,
    env,
    encoding: "utf8",
  });
}

it("names the machine of a holder that is not on this one, and never its pid as one to kill", () => {
  writeLease({ ...another, bootId: "another boot" });
  const hoursAgo = new Date(Date.now() - 3 * 3_600_000);
  utimesSync(lease, hoursAgo, hoursAgo);
  const held = `a supervisor on another machine holds this state directory: pid 4711 on build-3, since ${since}, last heard of 180 min ago`;
  const hint = `Look on build-3. If nothing runs there any more: rm ${lease}`;
  for (const command of ["stop", "pause", "resume"]) {
    expect(call(command)).toMatchObject({ status: 3, stderr: `ralphwright: ${held}\n  ${hint}\n` });
  }
  const shown = call("status").stdout.replaceAll(/\s+/g, " ");
  expect(shown).toContain(`supervisor not known: ${held}. ${hint} target`);
  expect(JSON.parse(call("status", "--json").stdout)).toMatchObject({
    supervisor: { host: "build-3", where: "other-machine", heardAt: hoursAgo.toISOString() },
  });
});

it("says that the pid of a holder in another container is one of that container", () => {
  writeLease(another);
  const { status, stderr } = call("pause");
  expect(status).toBe(3);
  expect(stderr).toMatch(/^ralphwright: the supervisor \(pid 4711 in another container, build-3\) has no/);
  expect(stderr).toMatch(/: in that container, kill 4711\n$/);
  expect(call("status").stdout.replaceAll(/\s+/g, " ")).toContain(
    "running (pid 4711 in another container, build-3, since 2026-11-20 22:00:03)",
  );
});

it("gives the command that stops a holder without a door where it is a process of this machine", () => {
  writeLease({});
  expect(call("stop").stderr).toContain(`SIGTERM stops it after what runs: kill ${process.pid}\n`);
  expect(JSON.parse(call("status", "--json").stdout)).toMatchObject({ supervisor: { where: "here" } });
});

it.skipIf(process.getuid?.() !== 0)("tells another user whose it is, and not that nobody works here", () => {
  writeLease({});
  const module = join(import.meta.dirname, "../../src/cli/ask.ts");
  const script = `import(${JSON.stringify(module)}).then(async ({ pause, stop }) => {
    process.setuid(65534);
    const cwd = process.cwd();
    await pause({ cwd, reason: null, json: false }).catch(({ message }) => console.log(message));
    await stop({ cwd, now: false, wait: false, json: false }).catch(({ message }) => console.log(message));
  })`;
  // Git trusts nobody with what belongs to others.
  spawnSync("chown", ["-R", "65534", repository.path]);
  const { stdout, stderr } = spawnSync(process.execPath, ["--eval", script], {
    cwd: repository.path,
    env: { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: state },
    encoding: "utf8",
  });
  const refused = `the state directory ${state} belongs to another user (uid 0)\n`;
  expect({ stdout, stderr }).toEqual({ stdout: refused + refused, stderr: "" });
});
