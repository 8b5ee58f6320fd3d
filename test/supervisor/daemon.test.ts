/** A daemon with real processes: tasks and configuration that change, pauses, and all the ways to end it. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { it } from "vitest";
import { addLooseObjects, looseObjectsOf } from "../support/loose-objects.ts";
import { addRemote } from "../support/remote.ts";
import { makeFolder } from "../support/repository.ts";
import { createWorld, type FinishedRun, type RunningRun, taskText, type World } from "../support/world.ts";

/** A grep, so that many attempts stay cheap. */
const gates = [{ name: "check", run: "grep -q split src/words.mjs" }];
const started = '"msg":"run started"';

async function startDaemon(world: World, args: readonly string[] = []): Promise<RunningRun> {
  const daemon = world.start({ command: "daemon", args });
  await daemon.told(started);
  return daemon;
}

const ask = (
  world: World,
  command: "stop" | "pause" | "resume" | "status",
  ...args: string[]
): Promise<FinishedRun> => world.run({ command, args });

async function status(world: World): Promise<Record<string, unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what our own command prints
  return JSON.parse((await ask(world, "status", "--json")).stdout) as Record<string, unknown>;
}

/** As a careful person writes a task: whole, then renamed into place. */
function dropTask(world: World, id: string, frontMatter = ""): void {
  const file = `tasks/${id}.md`;
  world.repository.write(`${file}.new`, taskText(id, frontMatter));
  const { path } = world.repository;
  renameSync(join(path, `${file}.new`), join(path, file));
}

const configure = (world: World, edit: (config: Record<string, unknown>) => object): void => {
  const file = "ralph.config.yaml";
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as createWorld wrote it
  const config = JSON.parse(world.onTarget(file)) as Record<string, unknown>;
  world.repository.write(file, `${JSON.stringify(edit(config), null, 2)}\n`);
};

it.concurrent("starts a task that is dropped into the folder while it is idle, and one that is edited", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: { one: "status: draft" }, config: { gates } });
  const daemon = await startDaemon(world);
  dropTask(world, "two");
  await daemon.told('"msg":"task landed"');
  dropTask(world, "one");
  await daemon.told('"msg":"task landed"', 2);
  daemon.kill("SIGTERM");
  const done = await daemon.done;
  expect(done.status).toBe(143);
  expect(world.landed()).toEqual(["Do two", "Do one"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("packs what its landings left, once git itself would, and goes on landing", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: { one: "status: draft" }, config: { gates } });
  const names = addLooseObjects(world.repository, 28);
  const daemon = await startDaemon(world);
  await expect.poll(() => looseObjectsOf(world.repository), { timeout: 30_000 }).toBe(0);
  expect(world.repository.git("cat-file", "-t", names[0] ?? "")).toBe("blob");
  dropTask(world, "two");
  await daemon.told('"msg":"task landed"');
  expect((await ask(world, "stop", "--wait")).status).toBe(0);
  await daemon.done;
  expect(world.landed()).toEqual(["Do two"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("does again what a person asks for with retry, in the same run", async ({ expect }) => {
  await using world = await createWorld({
    tasks: ["one"],
    agent: "meets-the-test",
    config: { gates, limits: { attempts: 1, rounds: 0 } },
  });
  const daemon = await startDaemon(world);
  (await world.meetAgent()).behaveAs("breaks-a-test");
  await daemon.told('"msg":"task blocked"');
  expect((await world.run({ command: "task", args: ["retry", "one"] })).status).toBe(0);
  (await world.meetAgent()).behaveAs("lands-a-change");
  await daemon.told('"msg":"task landed"');
  expect((await ask(world, "stop", "--wait")).status).toBe(0);
  expect((await daemon.done).status).toBe(143);
  expect(world.landed()).toEqual(["Give up one: gate check exited with 1", "Do one"]);
});

it.concurrent("sees what is pushed into a bare repository", async ({ expect }) => {
  await using world = await createWorld({ tasks: [], config: { gates } });
  using remote = addRemote(world.repository);
  const daemon = world.start({ command: "daemon", cwd: remote.path });
  await daemon.told(started);
  // The folder is there: git keeps no empty ones.
  const person = remote.clone();
  writeFileSync(join(person.path, "README.md"), "again\n");
  person.git("commit", "-qam", "Edit");
  world.repository.git("pull", "-q", "origin", "main");
  world.repository.write("tasks/one.md", taskText("one"));
  world.repository.git("add", "-A");
  world.repository.git("commit", "-qm", "Add a task");
  world.repository.git("push", "-q", "origin", "HEAD:main");
  await daemon.told('"msg":"task landed"');
  daemon.kill("SIGINT");
  expect((await daemon.done).status).toBe(130);
  expect(remote.subjects()[0]).toBe("Do one");
});

it.concurrent("pauses through its door, says so everywhere, keeps it over kill -9, and resumes", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: [], agent: "meets-the-test", config: { gates } });
  const daemon = await startDaemon(world);
  dropTask(world, "one");
  const agent = await world.meetAgent();
  const paused = await ask(world, "pause", "until", "noon");
  expect(paused.stdout).toBe("Paused: 1 attempt is finished first. Go on with: ralphwright resume\n");
  agent.behaveAs("lands-a-change");
  await daemon.told('"msg":"task landed"');
  dropTask(world, "two");
  expect(await status(world)).toMatchObject({ paused: { kind: "person", reason: "until noon" } });
  daemon.kill("SIGKILL");
  await daemon.done;
  expect(await status(world)).toMatchObject({ supervisor: null, paused: { reason: "until noon" } });
  const again = await startDaemon(world);
  await again.told("still paused: until noon");
  expect((await ask(world, "resume")).stdout).toBe("Resumed: what is ready starts.\n");
  (await world.meetAgent()).behaveAs("lands-a-change");
  await again.told('"msg":"task landed"');
  expect((await ask(world, "resume")).stdout).toBe(
    "It was not paused, and waited for nothing; nothing was changed.\n",
  );
  expect((await ask(world, "stop", "--wait")).stdout).toContain("has ended");
  expect((await again.done).status).toBe(143);
  expect(world.landed()).toEqual(["Do one", "Do two"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("keeps the reason of a pause that is said again without one, and takes a new one", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: [], config: { gates } });
  const daemon = await startDaemon(world);
  await ask(world, "pause", "until", "noon");
  await ask(world, "pause");
  expect(await status(world)).toMatchObject({ paused: { reason: "until noon" } });
  await ask(world, "pause", "until", "one");
  expect(await status(world)).toMatchObject({ paused: { reason: "until one" } });
  daemon.kill("SIGTERM");
  await daemon.done;
  const told = world
    .records()
    .flatMap(({ event }) => (event.type === "run-paused" ? [event.cause.reason] : []));
  expect(told).toEqual(["until noon", "until one"]);
});

it.concurrent("pauses instead of ending at a red target, and goes on when a commit mends it", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: ["one"],
    config: { gates },
    files: { "src/words.mjs": "export const words = () => [];\n" },
  });
  const daemon = await startDaemon(world);
  await daemon.told("paused: ");
  expect(await status(world)).toMatchObject({ paused: { kind: "baseline" } });
  world.repository.commit("Mend it", { "src/words.mjs": 'export const words = (t) => t.split(" ");\n' });
  await daemon.told("the target has moved");
  await daemon.told('"msg":"task landed"');
  daemon.kill("SIGTERM");
  expect((await daemon.done).status).toBe(143);
});

it.concurrent("pauses when its tasks are used up, and a person grants them once more", async ({ expect }) => {
  await using world = await createWorld({
    tasks: ["a", "b"],
    config: { gates, limits: { attempts: 1, rounds: 0, run: { tasks: 1 } } },
  });
  const daemon = await startDaemon(world);
  await daemon.told('"msg":"run paused"');
  expect(world.landed()).toEqual(["Do a"]);
  await ask(world, "resume");
  await daemon.told('"msg":"task landed"', 2);
  daemon.kill("SIGTERM");
  expect((await daemon.done).status).toBe(143);
});

it.concurrent("takes a changed configuration for the next attempt, and keeps the last good one", async ({
  expect,
}) => {
  await using world = await createWorld({ tasks: [], agent: "breaks-a-test", config: { gates } });
  const daemon = await startDaemon(world);
  world.repository.write("ralph.config.yaml", "gates: [}\n");
  await daemon.told('"msg":"config refused"');
  expect(await status(world)).toMatchObject({
    configTrouble: expect.stringContaining("ralph.config.yaml:1:"),
  });
  configure(world, (config) => ({
    ...config,
    target: "other",
    gates: [{ name: "new", run: "true" }],
    limits: { attempts: 1, rounds: 0, attempt: { usd: 3 } },
  }));
  await daemon.told('"msg":"config reloaded"');
  const reloaded = world.records().find(({ event }) => event.type === "config-reloaded");
  expect(reloaded?.event).toMatchObject({
    changed: ["target", "gates", "limits.attempt.usd"],
    restart: ["target"],
  });
  expect(await status(world)).toMatchObject({ configTrouble: null, target: "main" });
  dropTask(world, "one");
  await daemon.told('"msg":"task landed"');
  expect(world.events("one")).toContain("accepted by new");
  daemon.kill("SIGTERM");
  expect((await daemon.done).status).toBe(143);
});

it.concurrent("stops at once through its door, and finishes nothing", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates } });
  const daemon = await startDaemon(world);
  await world.meetAgent();
  const told = await ask(world, "stop", "--now", "--wait", "--json");
  expect(JSON.parse(told.stdout)).toMatchObject({ ended: true });
  expect((await daemon.done).status).toBe(143);
  expect(world.events("one")).toContain("interrupted: stopped by the supervisor");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("says while it drains that nothing new starts, and promises nothing to who resumes", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates } });
  const daemon = await startDaemon(world);
  const agent = await world.meetAgent();
  await ask(world, "stop");
  expect((await ask(world, "status")).stdout).toMatch(
    /^stopping +stopped by ralphwright stop: nothing new starts$/m,
  );
  const held = "Nothing new starts: the supervisor ends (stopped by ralphwright stop).\n";
  expect((await ask(world, "pause")).stdout).toBe(`Paused: 1 attempt is finished first. ${held}`);
  expect((await ask(world, "resume")).stdout).toBe(`Resumed. ${held}`);
  expect((await ask(world, "resume")).stdout).toBe(held);
  agent.behaveAs("lands-a-change");
  expect((await daemon.done).status).toBe(143);
  expect((await ask(world, "status")).stdout).not.toContain("stopping");
});

it.concurrent("says outside of its window when something starts, also to who resumes", async ({ expect }) => {
  const hour = (ahead: number): string => new Date(Date.now() + ahead * 3_600_000).toTimeString().slice(0, 5);
  const window = `${hour(2)}-${hour(3)}`;
  await using world = await createWorld({ config: { gates, limits: { window } } });
  const daemon = await startDaemon(world);
  await daemon.told("nothing new starts before");
  const held = new RegExp(
    `utside limits\\.window: nothing new starts before .*${hour(2)} \\(in .*\\)\\.\\n$`,
  );
  expect((await ask(world, "resume")).stdout).toMatch(held);
  await ask(world, "pause");
  const resumed = (await ask(world, "resume")).stdout;
  expect(resumed).toMatch(/^Resumed\. It is outside/);
  expect(resumed).toMatch(held);
  daemon.kill("SIGTERM");
  expect((await daemon.done).status).toBe(143);
});

it.concurrent("drains after a signal, and stops when its grace is over", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates } });
  const daemon = await startDaemon(world, ["--grace", "300ms"]);
  await world.meetAgent();
  daemon.kill("SIGTERM");
  const done = await daemon.done;
  expect(done.status).toBe(143);
  expect(done.lines).toContain("SIGTERM: finishing what runs, for at most 300ms; once more to stop now");
  expect(done.lines).toContain("the grace of 300ms is over");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("is told of by one sentence where nobody supervises", async ({ expect }) => {
  await using world = await createWorld();
  for (const command of ["stop", "pause", "resume"] as const) {
    const told = await ask(world, command);
    expect(told.status).toBe(3);
    expect(told.lines[0]).toBe("ralphwright: no supervisor works on this repository");
  }
});

it.concurrent("refuses to work beside another daemon, whose door stays open", async ({ expect }) => {
  await using world = await createWorld({ tasks: [], config: { gates } });
  const daemon = await startDaemon(world);
  expect((await world.run({ command: "daemon" })).status).toBe(3);
  expect(await status(world)).toMatchObject({ paused: null });
  expect((await ask(world, "stop", "--wait")).status).toBe(0);
  expect((await daemon.done).status).toBe(143);
});

it.concurrent("opens its door where a dead one left a socket", async ({ expect }) => {
  await using world = await createWorld({ tasks: [], config: { gates } });
  const left = createServer().listen(join(world.state, "control.sock"));
  await once(left, "listening");
  const daemon = await startDaemon(world);
  expect((await ask(world, "stop", "--wait")).status).toBe(0);
  expect((await daemon.done).status).toBe(143);
  left.close();
});

it.concurrent("cuts a push that hangs at the second signal", async ({ expect }) => {
  await using world = await createWorld({ config: { gates, land: { push: "origin" } } });
  using remote = addRemote(world.repository);
  const folder = makeFolder("hang");
  // What git runs on the other side says that it was reached, and then nothing more.
  const program = join(folder, "receive");
  writeFileSync(program, "#!/bin/sh\necho reached >&2\nexec sleep 600\n");
  chmodSync(program, 0o755);
  world.repository.git("config", "remote.origin.receivepack", program);
  const run = world.start();
  await run.told('"msg":"verdict reached"');
  run.kill("SIGINT");
  await run.told("finishing what runs");
  run.kill("SIGINT");
  const done = await run.done;
  expect(done.status).toBe(130);
  expect(remote.subjects()).toEqual(["First commit"]);
  expect(world.landed()).toEqual([]);
  rmSync(folder, { recursive: true });
});

it.concurrent("leaves at the third signal when even stopping hangs, with nobody left behind", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates } });
  const folder = makeFolder("hang");
  const [git, asked] = [join(folder, "git"), join(folder, "asked")];
  // The one that keeps an attempt's work never answers, as on a disk that does not.
  const hang = `case " $* " in *" add -A "*) test -e "${asked}" && echo $$ >"${asked}" && exec sleep 600 ;; esac`;
  writeFileSync(git, `#!/bin/sh\n${hang}\nPATH=\${PATH#*:}\nexec git "$@"\n`);
  chmodSync(git, 0o755);
  const path = `${folder}:${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const run = world.start({ env: { PATH: path } });
  await world.meetAgent();
  writeFileSync(asked, "");
  run.kill("SIGINT");
  await run.told("finishing what runs");
  run.kill("SIGINT");
  while (readFileSync(asked, "utf8") === "") await sleep(20);
  run.kill("SIGINT");
  const done = await run.done;
  expect(done.status).toBe(130);
  expect(done.stderr).toContain(
    "SIGINT: leaving at once, as a crash would; the next start mends what is left",
  );
  expect(world.leftovers().filter((left) => left.startsWith("process"))).toEqual([]);
  process.kill(Number(readFileSync(asked, "utf8")), "SIGKILL");
  const next = world.start();
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await next.done).status).toBe(0);
  expect(world.leftovers()).toEqual([]);
  expect(world.landed()).toEqual(["Do one"]);
  rmSync(folder, { recursive: true });
});

const hasSix = networkInterfaces()["lo"]?.some(({ address }) => address === "::1") === true;
const loopback = ["127.0.0.1", ...(hasSix ? ["[::1]"] : [])];

it.concurrent.for(loopback)("tells a container whether it is well, at %s", async (host, { expect }) => {
  await using world = await createWorld({ tasks: [], config: { gates } });
  const daemon = world.start({ command: "daemon", args: ["--health", `${host}:0`] });
  await daemon.told(started);
  const [, place = ""] = /health at (\S+)\/healthz/.exec(daemon.heard()) ?? [];
  const response = await fetch(`${place}/healthz`);
  expect([response.status, await response.json()]).toEqual([200, { status: "idle" }]);
  daemon.kill("SIGTERM");
  expect((await daemon.done).status).toBe(143);
});
