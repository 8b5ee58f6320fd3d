/** Programs in a sandbox as process groups: how they end, what is left of them, what the sandbox's own failure looks like. */
import { execFileSync, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import {
  type GroupOrder,
  type ProcessGroup,
  startGroup,
} from "../../../src/adapters/process/process-group.ts";
import type { Enclose, Sandbox } from "../../../src/adapters/sandbox/containment.ts";
import { openPlainSandbox } from "../../support/plain-sandbox.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("contained");
const home = join(folder, "home");
mkdirSync(home);
process.env["HOME"] = home;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const sandboxWith = (changed: Parameters<typeof openPlainSandbox>[1] = {}): Sandbox =>
  openPlainSandbox(folder, changed);
const sandbox = sandboxWith();

function start(
  command: GroupOrder["command"],
  changed: Partial<GroupOrder> = {},
  own = `own-${(count += 1)}`,
): ProcessGroup {
  const cwd = join(folder, `work-${count}`);
  mkdirSync(cwd, { recursive: true });
  return startGroup({
    command,
    cwd,
    enclose: sandbox.confine(join(folder, own), { writable: [cwd], readable: [], profile: "gates" }),
    env: { PATH: process.env["PATH"] ?? "" },
    input: "",
    logFile: "/dev/null",
    wallMsMax: 60_000,
    idleMsMax: null,
    signal: new AbortController().signal,
    ...changed,
  });
}

async function outputOf(command: string, changed: Partial<GroupOrder> = {}, own?: string): Promise<string> {
  const group = start(command, changed, own);
  await group.exit;
  return group.output().trim();
}

describe("an end", () => {
  it("is told as without a sandbox: an exit code, a signal, a program that is not there", async () => {
    expect(await start("exit 0").exit).toEqual({ kind: "exited", code: 0 });
    expect(await start("exit 7").exit).toEqual({ kind: "exited", code: 7 });
    expect(await start("kill -KILL $$").exit).toEqual({ kind: "signaled", signal: "SIGKILL" });
    expect(await start("kill -SEGV $$").exit).toEqual({ kind: "signaled", signal: "SIGSEGV" });
    // As any shell tells it.
    expect(await start(["no-such-program"]).exit).toEqual({ kind: "exited", code: 127 });
  });

  it("of bubblewrap itself is neither red nor green", async () => {
    const enclose = sandbox.confine(join(folder, "own-broken"), {
      writable: [join(folder, "nowhere")],
      readable: [],
      profile: "gates",
    });
    const exit = await start("exit 0", enclose === null ? {} : { enclose }).exit;
    expect(exit).toEqual({
      kind: "not-started",
      reason: `the sandbox could not be made: Can't find source path ${join(folder, "nowhere")}: No such file or directory`,
    });
  });

  it("comes before the program where its limits cannot be set", async () => {
    const place = join(folder, "unlimited");
    mkdirSync(place);
    const confined = sandbox.confine(join(folder, "own-unlimited"), {
      writable: [place],
      readable: [],
      profile: "gates",
    });
    if (confined === null) throw new Error("there is no sandbox");
    const enclose: Enclose = (order) => ({
      ...confined(order),
      refusal: Promise.resolve("no cgroup is left"),
    });
    expect(await start("touch begun", { enclose, cwd: place }).exit).toEqual({
      kind: "not-started",
      reason: "the sandbox could not be made: no cgroup is left",
    });
    expect(existsSync(join(place, "begun"))).toBe(false);
  });

  it("comes before the program where a NUL would make two arguments of one", async () => {
    const outside = join(folder, "outside");
    mkdirSync(outside);
    const splitting = `x\0--bind\0${outside}\0/opt`;
    const env = { PATH: process.env["PATH"] ?? "", MODEL: splitting };
    for (const group of [start("touch /opt/begun", { env }), start(["echo", splitting])])
      expect(await group.exit).toEqual({
        kind: "not-started",
        reason: "the sandbox could not be made: there is a NUL in an argument, a path or a variable",
      });
    expect(readdirSync(outside)).toEqual([]);
  });

  it("comes politely first: SIGTERM reaches the program and its children, and they have their time", async () => {
    const script = `trap 'wait; echo asked; exit 0' TERM; (trap 'echo child asked; exit' TERM; echo ready; while :; do sleep 0.1; done) & wait`;
    const ready = Promise.withResolvers<void>();
    const group = start(script, { onLine: (line) => line === "ready" && ready.resolve() });
    await ready.promise;
    group.end("stopped");
    expect(await group.exit).toEqual({ kind: "ended", why: "stopped" });
    expect(group.output().split("\n")).toEqual(expect.arrayContaining(["asked", "child asked"]));
  });

  it("takes everybody along, also who left the session and the environment behind", async () => {
    await outputOf("env -i setsid -f /bin/bash -c 'trap \"\" TERM HUP; exec -a straggler617 sleep 617'");
    expect(commandLines().filter((line) => line.startsWith("straggler617"))).toEqual([]);
  });
});

/** Of a process that may have ended: then it is empty. */
function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

const ofAllProcesses = (name: string): readonly string[] =>
  readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => readText(`/proc/${pid}/${name}`));

const processGroups = (): readonly string[] =>
  ofAllProcesses("stat").map((stat) => stat.slice(stat.lastIndexOf(") ") + 2).split(" ")[2] ?? "");

const commandLines = (): readonly string[] => ofAllProcesses("cmdline");

it("lets nothing run while it is frozen, nor a child that left its session, until it is thawed", async () => {
  const script = "setsid -f bash -c 'while :; do date +%N >there; sleep 0.02; done'; echo ready; sleep 30";
  const ready = Promise.withResolvers<void>();
  const group = start(script, { onLine: (line) => line === "ready" && ready.resolve() });
  const file = join(folder, `work-${count}`, "there");
  await ready.promise;
  await waitFor(() => existsSync(file));
  await group.freeze();
  const before = statSync(file).mtimeMs;
  // As long as it takes a program outside to write a hundred times.
  execFileSync("bash", ["--norc", "-c", "for i in $(seq 20); do sleep 0.02; done"]);
  expect(statSync(file).mtimeMs).toBe(before);
  group.thaw("work");
  await waitFor(() => statSync(file).mtimeMs !== before);
  group.end("stopped");
  await group.exit;
});

it("asks nothing of a model while it is frozen, is only to close, or is ended", async () => {
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const started = (): ProcessGroup => {
    const enclose = sandbox.confine(join(folder, `own-held-${(count += 1)}`), {
      writable: [],
      readable: [],
      profile: "gates",
    });
    if (enclose === null) throw new Error("there is no sandbox");
    return start("sleep 30", {
      cwd: "/",
      enclose: (what) => ({ ...enclose(what), hold: tell("hold"), resume: tell("resume") }),
    });
  };
  const group = started();
  await group.freeze();
  expect(told.splice(0)).toEqual(["hold"]);
  group.thaw("work");
  expect(told.splice(0)).toEqual(["resume"]);
  await group.freeze();
  group.thaw("close");
  group.end("stopped");
  expect(told.splice(0)).toEqual(["hold", "hold"]);
  group.thaw("work");
  expect(told.splice(0)).toEqual([]);
  await group.exit;
});

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

describe("HOME and temporary files", () => {
  it("are empty at first, at the path of the real home and at /tmp, on disk and the same for one attempt", async () => {
    const script = 'echo "$HOME $TMPDIR"; ls -A ~; ls /tmp/own 2>/dev/null; stat -c %a ~ /tmp';
    expect(await outputOf(script, {}, "attempt")).toBe(`${home} /tmp\n.gitconfig\n700\n700`);
    await outputOf("echo kept >~/note", {}, "attempt");
    expect(await outputOf("cat ~/note", {}, "attempt")).toBe("kept");
    expect(await outputOf("cat ~/note 2>&1 || echo fresh")).toContain("fresh");
    expect(readFileSync(join(folder, "attempt", "home", "note"), "utf8")).toBe("kept\n");
    expect(readdirSync(home)).toEqual([]);
  });

  it("leave socket paths their length", async () => {
    const listen =
      "require('net').createServer().listen(process.env.TMPDIR + '/' + 'x'.repeat(90), function () { this.close(); console.log('listens'); })";
    expect(await outputOf(`node -e "${listen}"`)).toBe("listens");
  });
});

it("shows what the configuration names, and lets it be written only where it says so", async () => {
  const [read, write] = ["read", "write"].map((name) => join(folder, name));
  for (const path of [read, write]) mkdirSync(path ?? "");
  writeFileSync(join(read ?? "", "file"), "seen");
  const config = { mode: "auto", egress: [], read: [read ?? ""], write: [write ?? ""] } as const;
  const enclose = sandboxWith({ config }).confine(join(folder, "own-named"), {
    writable: [],
    readable: [],
    profile: "gates",
  });
  const script = `exec 2>&1; cd /; cat ${read}/file; echo x >${read}/new || echo refused; echo x >${write}/new && echo written`;
  expect(await outputOf(script, { enclose, cwd: read ?? "" })).toMatch(
    /^seen.*Read-only file system\nrefused\nwritten$/,
  );
});

it("refuses to let the home or the repository be written", () => {
  const config = { mode: "auto", egress: [], read: [], write: [folder] } as const;
  expect(() => sandboxWith({ config, hidden: [join(folder, "state")] })).toThrow(
    /sandbox.write: .* would let agents and gates write/,
  );
});

it("hides the state directory, also where a folder around it may be read", async () => {
  const state = join(folder, "around", "state");
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, "journal"), "secret");
  const config = { mode: "auto", egress: [], read: [join(folder, "around")], write: [] } as const;
  const enclose = sandboxWith({ config, hidden: [state] }).confine(join(folder, "own-hidden"), {
    writable: [],
    readable: [],
    profile: "gates",
  });
  const script = `ls -A ${join(folder, "around")} ${state}; (echo x >${state}/y) 2>/dev/null || echo refused`;
  const output = await outputOf(script, { enclose, cwd: "/" });
  expect(output).toMatch(/around:\nstate\n\n\S+state:\nrefused$/);
});

it.runIf(process.getuid?.() === 0)(
  "is no root inside, has no powers, and sees no secret of /etc",
  async () => {
    const script =
      "exec 2>&1; id -u; id -un; grep CapEff /proc/self/status; cat /etc/shadow || echo hidden; cat /etc/passwd | grep -c agent";
    expect(await outputOf(script)).toMatch(
      /^1000\nagent\nCapEff:\t0000000000000000\n.*Permission denied\nhidden\n1$/s,
    );
  },
);

it("dies with the supervisor, however that ends", async () => {
  const program = `
    import { openSandbox } from ${JSON.stringify(join(import.meta.dirname, "../../../src/adapters/sandbox/ladder.ts"))};
    import { startGroup } from ${JSON.stringify(join(import.meta.dirname, "../../../src/adapters/process/process-group.ts"))};
    const sandbox = openSandbox({ config: { mode: "auto", egress: [], read: [], write: [] }, limits: { memoryBytes: null, processesMax: 99, fileBytesMax: 1e9 }, mark: "gone", folder: ${JSON.stringify(join(folder, "sandbox"))}, hidden: [], objects: [], gitConfig: "", egress: () => null, gatewayFor: () => null });
    startGroup({ command: "env -i setsid -f /bin/bash -c 'exec -a straggler618 sleep 618'; echo ready; sleep 600", cwd: "/", env: { PATH: process.env.PATH }, enclose: sandbox.confine(${JSON.stringify(join(folder, "own-dies"))}, { writable: [], readable: [], profile: "gates" }), input: "", logFile: "/dev/null", wallMsMax: 60000, idleMsMax: null, signal: new AbortController().signal, onLine: (line) => console.log(line) });
  `;
  const supervisor = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(supervisor.stdout, "data");
  expect(String(line)).toBe("ready\n");
  await waitFor(() => commandLines().some((each) => each.startsWith("straggler618")));
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  await waitFor(() => !commandLines().some((each) => each.startsWith("straggler618")));
  sandboxWith({ mark: "gone" }).sweep();
});

it("begins nothing for a supervisor that is gone: whoever is not told to go on ends", async () => {
  const nothing = { hasBegun: false, status: 125 };
  expect(await tellPart("")).toEqual(nothing);
  expect(await tellPart("touch\0/tmp/begun\0")).toEqual(nothing);
  expect(await tellPart("touch\0/tmp/begun\0go\0")).toEqual({ hasBegun: true, status: 0 });
});

/** Of a command that creates a file; after that part the supervisor is gone. */
async function tellPart(part: string): Promise<{ readonly hasBegun: boolean; readonly status: unknown }> {
  const own = join(folder, `own-orphan-${part.length}`);
  const enclose = sandbox.confine(own, { writable: [], readable: [], profile: "gates" });
  if (enclose === null) throw new Error("there is no sandbox");
  const path = process.env["PATH"] ?? "";
  const enclosed = enclose({ command: ["touch", "/tmp/begun"], cwd: "/tmp", env: { PATH: path } });
  const { process: child } = enclosed.leader;
  const [view, command] = child.stdio.slice(4);
  if (!(view instanceof Writable && command instanceof Writable)) throw new Error("it has no pipes");
  view.end(enclosed.view);
  command.end(part);
  const [status]: unknown[] = await once(child, "exit");
  await enclosed.release();
  return { hasBegun: existsSync(join(own, "tmp", "begun")), status };
}

it("shows nothing and runs nothing where it was not told what is to be seen", async () => {
  const enclose = sandbox.confine(join(folder, "own-blind"), {
    writable: [],
    readable: [],
    profile: "gates",
  });
  const enclosed = enclose?.({ command: ["true"], cwd: "/tmp", env: {} });
  const { process: child } = enclosed?.leader ?? {};
  const [view, command] = child?.stdio.slice(4) ?? [];
  if (!(view instanceof Writable && command instanceof Writable)) throw new Error("it has no pipes");
  view.end("");
  command.end(enclosed?.command);
  const [status]: unknown[] = await once(child ?? new EventEmitter(), "exit");
  await enclosed?.release();
  expect(status).toBe(1);
});

describe("programs that wait ahead of their time", () => {
  const waiting = (of = process.pid): readonly number[] => {
    const tasks = readdirSync(`/proc/${of}/task`).map((thread) =>
      readText(`/proc/${of}/task/${thread}/children`),
    );
    const pids = tasks.flatMap((text) => text.split(" ").filter(Boolean).map(Number));
    return pids.filter((pid) => readText(`/proc/${pid}/cmdline`).split("\0").includes("--args"));
  };

  it("are as many as wanted, are taken in turn, and are gone at the end", async () => {
    const ready = sandbox.keepReady(2);
    await waitFor(() => waiting().length === 2);
    expect(await outputOf("echo one")).toBe("one");
    expect(await outputOf("echo two")).toBe("two");
    await waitFor(() => waiting().length === 2);
    await ready[Symbol.asyncDispose]();
    expect(waiting()).toEqual([]);
    expect(await outputOf("echo three")).toBe("three");
  });

  it.skipIf(!sandbox.facts.limits.some((limit) => limit.includes("cgroup")))(
    "are under the limits, each under its own",
    async () => {
      await using _ = sandbox.keepReady(2);
      const places = (): readonly (string | undefined)[] =>
        waiting().map((pid) => /ralph-[^/]+\/program/.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[0]);
      await waitFor(() => places().length === 2 && !places().includes(undefined));
      expect(new Set(places()).size).toBe(2);
    },
  );

  it("are gone when their supervisor is killed, with nobody waiting in their place", async () => {
    const support = JSON.stringify(join(import.meta.dirname, "../../support/plain-sandbox.ts"));
    const program = `
      import { openPlainSandbox } from ${support};
      openPlainSandbox(${JSON.stringify(folder)}, { mark: "killed" }).keepReady(4);
      setInterval(() => {}, 1000);
    `;
    const supervisor = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: "ignore",
    });
    const ended = once(supervisor, "exit");
    await waitFor(() => waiting(supervisor.pid).length === 4);
    const groups = waiting(supervisor.pid).map(String);
    supervisor.kill("SIGKILL");
    await ended;
    expect(groups.length).toBe(4);
    await waitFor(() => !processGroups().some((group) => groups.includes(group)));
    sandboxWith({ mark: "killed" }).sweep();
  });

  it("are not missed when somebody has ended them", async () => {
    await using _ = sandbox.keepReady(1);
    await waitFor(() => waiting().length === 1);
    const [pid = 0] = waiting();
    process.kill(pid, "SIGKILL");
    // Until the supervisor has heard of it, too.
    await waitFor(() => !existsSync(`/proc/${pid}`));
    expect(await outputOf("echo on")).toBe("on");
  });
});

it("sweeps away what a supervisor that was killed in one left", () => {
  const place = join(folder, "trials");
  const opened = sandboxWith({ folder: place });
  for (const name of ["trial-old", "trial-young"]) mkdirSync(join(place, name));
  utimesSync(join(place, "trial-old"), 0, 0);
  opened.sweep();
  expect(readdirSync(place)).toContain("trial-young");
  expect(readdirSync(place)).not.toContain("trial-old");
});
