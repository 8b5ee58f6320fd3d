/** Every program of the catalogue in the sandbox: nothing outside changes, nothing secret is seen, nobody survives. */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type GroupExit, setSupervisorMark, startGroup } from "../../src/adapters/process/process-group.ts";
import { openSandbox } from "../../src/adapters/sandbox/ladder.ts";
import type { Sandbox } from "../../src/adapters/sandbox/containment.ts";
import { makeFolder } from "../support/repository.ts";
import { catalogue } from "./catalogue.ts";

const folder = makeFolder("hostile");
const home = join(folder, "home");
const state = join(folder, "state");
const outside = join(folder, "outside");
const secret = `CANARY${randomUUID()}`;
const mark = createHash("sha256").update(folder).digest("hex").slice(0, 16);
const programs = join(import.meta.dirname, "programs");
let server: Server;
let connections = 0;

beforeAll(async () => {
  for (const path of [join(home, ".ssh"), outside, join(state, "work")]) mkdirSync(path, { recursive: true });
  for (const file of [join(home, ".ssh", "id_ed25519"), join(outside, "notes"), join(state, "journal.jsonl")])
    writeFileSync(file, secret);
  Object.assign(process.env, { HOME: home, [secret]: secret });
  setSupervisorMark(mark);
  server = createServer(() => (connections += 1)).listen(0, "127.0.0.1");
  await once(server, "listening");
  openHere();
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A list of all files with their contents, as far as they are not the program's own. */
function outsideNow(): readonly string[] {
  const names = [home, outside, state].flatMap((top) =>
    readdirSync(top, { recursive: true, withFileTypes: true }).map((entry) =>
      join(entry.parentPath, entry.name),
    ),
  );
  return names.filter((name) => !name.startsWith(join(state, "work"))).toSorted();
}

/** By the mark that each process gets, and by words of its command line where it threw its environment away. */
function survivors(): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const [environ, command] = ["environ", "cmdline"].map((file) => readProcess(pid, file));
    const isOurs = environ?.includes(`RALPH_GROUP=${mark}.`) === true || /sleep\0?61[34]/.test(command ?? "");
    return isOurs ? [`${pid} ${command?.replaceAll("\0", " ")}`] : [];
  });
}

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

interface Ended {
  readonly exit: GroupExit;
  readonly output: string;
}

const openHere = (): Sandbox =>
  openSandbox({
    config: { mode: "required", egress: [], read: [], write: [] },
    limits: { memoryBytes: 256 * 2 ** 20, processesMax: 200, fileBytesMax: 64 * 2 ** 20 },
    mark,
    folder: join(state, "sandbox"),
    hidden: [state],
    objects: [],
    gitConfig: "",
    egress: () => null,
    gateway: null,
  });

async function runHostile(file: string, times = 1): Promise<Ended> {
  const sandbox = openHere();
  const slot = join(state, "work", randomUUID());
  const tree = join(slot, "tree");
  mkdirSync(tree, { recursive: true });
  let ended: Ended | null = null;
  for (let time = 1; time <= times; time += 1) {
    const group = startGroup({
      command: [file.endsWith(".sh") ? "bash" : process.execPath, join(programs, file)],
      cwd: tree,
      env: {
        PATH: process.env["PATH"] ?? "",
        OUTSIDE: outside,
        OUTSIDE_HOME: home,
        STATE: state,
        SUPERVISOR_PID: String(process.pid),
        PORT: String(portOf(server)),
      },
      enclose: sandbox.confine(`${slot}.own`, { writable: [slot], readable: [programs], profile: "agent" }),
      input: "",
      logFile: "/dev/null",
      wallMsMax: 60_000,
      idleMsMax: null,
      signal: new AbortController().signal,
    });
    ended = { exit: await group.exit, output: group.output().trim() };
  }
  rmSync(`${slot}.own`, { recursive: true, force: true });
  rmSync(slot, { recursive: true, force: true });
  if (ended === null) throw new Error("nothing ran");
  return ended;
}

function portOf(listening: Server): number {
  const address = listening.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

it.each(catalogue)("contains a program that $does", async ({ file, prints, ends }) => {
  const before = outsideNow();
  const { exit, output } = await runHostile(file);
  expect(output).toMatch(prints);
  expect(exit).toEqual(ends ?? exit);
  expect(output).not.toContain(secret);
  expect(outsideNow()).toEqual(before);
  expect(readFileSync(join(home, ".ssh", "id_ed25519"), "utf8")).toBe(secret);
  expect(survivors()).toEqual([]);
  expect(connections).toBe(0);
});

it("follows no link that an earlier process of the attempt left in its home", async () => {
  const before = outsideNow();
  const { output } = await runHostile("plants-links.sh", 3);
  expect(output).toMatch(/planted$/);
  expect(outsideNow()).toEqual(before);
  expect(existsSync(join(outside, "notes"))).toBe(true);
});

it("has a line for every program", () => {
  expect(catalogue.map(({ file }) => file).toSorted()).toEqual(readdirSync(programs).toSorted());
});
