/**
 * Runs each program of the hostile catalogue without our sandbox, and notes what becomes of it: `node scripts/hostile-off.ts`.
 * All of it happens in one sandbox of its own, supervisor and secrets included, of which a fresh one is made each time.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openResources } from "../src/adapters/sandbox/resources.ts";
import { catalogue, type Hostile } from "../test/hostile/catalogue.ts";
import { nameOf, runLane } from "../test/hostile/lanes.ts";
import type { World } from "../test/support/world.ts";
import { openOutside } from "../test/hostile/outside.ts";

const top = join(import.meta.dirname, "..");
const resultFile = join(top, "test", "hostile", "without.json");
const mebi = 2 ** 20;
const msMax = 120_000;
/** Where these would have to run with the machine's own powers to be tried in earnest; and a proxy is there only with a sandbox. */
const notTried: ReadonlySet<string> = new Set([
  "user-namespaces.sh",
  "lifts-its-limits.sh",
  "kernel-settings.sh",
  "through-the-proxy.ts",
]);

/** @param names Of programs; none: all. */
async function measureAll(names: readonly string[]): Promise<void> {
  const wanted = catalogue.filter(
    ({ file, needsCgroup }) =>
      !notTried.has(file) && needsCgroup !== true && (names.length === 0 || names.includes(file)),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was written here
  const earlier = JSON.parse(readFileSync(resultFile, "utf8")) as Record<string, string>;
  const results: Record<string, string> = names.length === 0 ? {} : earlier;
  for (const { file } of wanted) results[file] = await measureAround(file);
  writeFileSync(resultFile, `${JSON.stringify(results, null, 2)}\n`);
}

/** The user, processes and network of another machine; of this one everything to read, and nothing to write. */
const machine =
  "--unshare-all --unshare-user --disable-userns --uid 1000 --gid 1000 --die-with-parent --ro-bind / / --dev /dev --proc /proc " +
  "--ro-bind /proc/sys /proc/sys --tmpfs /tmp --tmpfs /root";

const limits = { memoryBytes: 2_000 * mebi, processesMax: 400, fileBytesMax: 100 * mebi };

/** What went through; nothing: contained. */
async function measureAround(file: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "hostile-off-"));
  const share = openResources("hostile-off", limits).begin();
  const node = dirname(dirname(process.execPath));
  const own = ["--bind", folder, "/var/tmp", "--ro-bind", top, top, "--ro-bind", node, node];
  const command = [process.execPath, import.meta.filename, "inside", file];
  const script = `read go; ${share.script}; exec "$@" </dev/null`;
  const all = ["bwrap", ...machine.split(" "), ...own, "--", ...command];
  const child = spawn("bash", ["--norc", "-c", script, "bash", ...all], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), msMax);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  const end = once(child, "close");
  await share.admit(child.pid ?? 0);
  child.stdin.end("go\n");
  await end;
  clearTimeout(timer);
  await share.release();
  rmSync(folder, { recursive: true, force: true });
  const told = /^RESULT (.*)$/m.exec(stdout)?.[1] ?? "the run itself was ended";
  process.stdout.write(`${file}: ${told === "" ? "contained" : told}\n`);
  return told;
}

async function measureHere(file: string): Promise<void> {
  const hostile = catalogue.find((each) => each.file === file);
  if (hostile === undefined) throw new Error(`there is no ${file}`);
  const { after: _, ...task } = hostile;
  const outside = await openOutside();
  const result = await runLane({ lane: hostile.lane, tasks: [task], isOpen: true }, outside);
  const { world, stderr, status } = result;
  const found = [
    status === null ? "the run was killed" : "",
    outside.changed().length > 0 ? "changed files outside" : "",
    outside.told(world, stderr).length > 0 ? "told secrets" : "",
    outside.connections().length > 0 ? "reached others" : "",
    outside.processes(world).length > 0 ? "left processes" : "",
    hostile.ends.test(world.events(nameOf(file))) ? "" : "ended otherwise",
    hadItsWay(hostile, world) ? "had its way" : "",
  ];
  process.stdout.write(`RESULT ${found.filter(Boolean).join(", ")}\n`);
  process.exit();
}

/** By what it says itself. */
function hadItsWay({ file, prints = /^/, neverPrints = /(?!)/ }: Hostile, world: World): boolean {
  const printed = world.attemptFile(nameOf(file), 1, "agent/agent.log").trim();
  return !prints.test(printed) || neverPrints.test(printed);
}

const [first, file = ""] = process.argv.slice(2);
if (first !== "inside") await measureAll(process.argv.slice(2));
else if (process.pid > 20) throw new Error("this part runs in a sandbox of its own, and nowhere else");
else await measureHere(file);
