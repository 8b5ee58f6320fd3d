/** Everything around a lane that its programs may neither read nor change nor reach, and what of that came about. */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { makeFolder, runGit } from "../support/repository.ts";
import type { World } from "../support/world.ts";

export interface Outside extends AsyncDisposable {
  readonly checks: string;
  /** The environment of the supervisor, with keys that are nobody's business. */
  readonly env: (world: World) => Readonly<Record<string, string>>;
  /** Lays secrets into what the world has made, and notes how all of it is. */
  readonly prepare: (world: World) => void;
  /** The same for commands of a recording, which get no variables of ours. */
  readonly exports: string;
  /** Files that are other than they were, or new. */
  readonly changed: () => readonly string[];
  /** What holds one of the secrets, in whichever spelling. */
  readonly told: (world: World, stderr: string) => readonly string[];
  readonly connections: () => readonly string[];
  readonly processes: (world: World) => readonly string[];
  readonly cgroups: (world: World) => readonly string[];
}

const keys = [".ssh/id_ed25519", ".aws/credentials", ".npmrc", ".netrc", ".bash_history", ".gitconfig"];
const variables = ["ANTHROPIC_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "CANARY"];

/** Where a program that gets out would like to leave something; our names alone are looked for. */
const common = [
  "/",
  "/tmp",
  "/var/tmp",
  "/etc",
  "/usr/bin",
  "/opt",
  "/var",
  "/run",
  "/dev",
  "/dev/shm",
  "/srv",
];

export async function openOutside(): Promise<Outside> {
  const folder = makeFolder("hostile");
  const home = join(folder, "home");
  const neighbour = join(folder, "neighbour");
  const checks = join(folder, "checks");
  const temporary = join(folder, "tmp");
  const id = randomBytes(9).toString("hex");
  const secret = (place: string): string => `CNRY${id}${place.replaceAll(/\W/g, "")}`;
  const sleep = String(randomInt(600_000_000, 700_000_000));
  for (const path of [home, neighbour, checks, temporary]) mkdirSync(path);
  for (const file of keys)
    plant(join(home, file), file === ".gitconfig" ? `[x]\n\ty = ${secret(file)}\n` : secret(file));
  plant(join(checks, "sealed", "check.txt"), secret("checks"));
  plant(join(neighbour, "notes"), secret("neighbour"));
  runGit(neighbour, ["init", "-q"]);
  const bait = await openBait(home, id);
  let before = new Map<string, string>();
  let repository = "";
  const lookAround = (): Map<string, string> =>
    new Map([
      ...listing(home, []),
      ...listing(neighbour, []),
      ...listing(checks, []),
      ...listing(temporary, []),
      ...listing(join(repository, ".git"), ["objects", "refs", "logs", "index", "HEAD", "ORIG_HEAD"]),
      ...listing(repository, [".git", "src", "tasks", "PROGRESS.md"]),
      ...common.flatMap((place) =>
        readdirSync(place)
          .filter((name) => name.includes(id))
          .map((name) => [join(place, name), ""] as const),
      ),
    ]);
  const told = {
    OUTSIDE: neighbour,
    OUTSIDE_HOME: home,
    CHECKS: checks,
    TEST_PID: String(process.pid),
    PORT: String(bait.port),
    ID: id,
    SLEEP: sleep,
  };
  return {
    checks,
    exports: Object.entries(told)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join("\n"),
    env: (world) => ({
      ...told,
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: home,
      TMPDIR: temporary,
      REPO: world.repository.path,
      STATE: world.state,
      SSH_AUTH_SOCK: join(home, "agent.sock"),
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, "agent.sock")}`,
      DISPLAY: ":0",
      ...Object.fromEntries(variables.map((name) => [name, secret(name)])),
    }),
    prepare(world) {
      repository = world.repository.path;
      writeFileSync(join(world.state, "earlier.txt"), secret("state"));
      world.repository.git("config", "remote.origin.url", `https://me:${secret("remote")}@git.invalid/x`);
      before = lookAround();
    },
    changed() {
      const after = lookAround();
      const names = new Set([...before.keys(), ...after.keys()]);
      return [...names].filter((name) => before.get(name) !== after.get(name));
    },
    told: (world, stderr) => findSecrets(`CNRY${id}`, artefacts(world, stderr, bait.heard())),
    connections: bait.connections,
    processes: (world) => findProcesses(world, sleep),
    cgroups: (world) => findCgroups(world),
    async [Symbol.asyncDispose]() {
      await bait.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function plant(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Every path below, with its kind, mode and content. */
function listing(top: string, without: readonly string[]): readonly (readonly [string, string])[] {
  const names = readdirSync(top, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => !without.includes(name.split("/")[0] ?? ""))
    .map((name) => [join(top, name), look(join(top, name))]);
}

function look(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "gone";
  const content = stats.isFile() ? readFileSync(path) : stats.isSymbolicLink() ? readlinkSync(path) : "";
  return `${stats.mode} ${stats.uid} ${createHash("sha256").update(content).digest("hex")}`;
}

interface Bait {
  readonly port: number;
  readonly connections: () => readonly string[];
  readonly heard: () => string;
  readonly close: () => Promise<void>;
}

/** Whoever comes here has come through: loopback in both families, names, and sockets with and without a file. */
async function openBait(home: string, id: string): Promise<Bait> {
  const reached: string[] = [];
  const chunks: Buffer[] = [];
  const open = async (where: string, listen: (server: Server) => void): Promise<Server> => {
    const server = createServer((socket) => {
      reached.push(where);
      socket.on("error", () => {}).on("data", (chunk: Buffer) => void chunks.push(chunk));
      socket.end("welcome\n");
    });
    listen(server);
    await once(server, "listening");
    return server;
  };
  const first = await open("127.0.0.1", (server) => server.listen(0, "127.0.0.1"));
  const address = first.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const servers = [
    first,
    await open("::1", (server) => server.listen(port, "::1")),
    await open("a socket in the home", (server) => server.listen(join(home, "agent.sock"))),
    await open("an abstract socket", (server) => server.listen(`\0${id}`)),
  ];
  const names = createSocket("udp4").on("message", (message) => {
    reached.push("UDP");
    chunks.push(message);
  });
  names.bind(port, "127.0.0.1");
  await once(names, "listening");
  return {
    port,
    connections: () => reached,
    heard: () => Buffer.concat(chunks).toString("latin1"),
    async close() {
      names.close();
      await Promise.all(servers.map((server) => new Promise((end) => server.close(end))));
    },
  };
}

/** Everything that stays of a run, by name. */
function* artefacts(world: World, stderr: string, heard: string): Generator<readonly [string, string]> {
  yield ["what the run printed", stderr];
  yield ["what went over the network", heard];
  for (const name of readdirSync(world.state, { recursive: true, encoding: "utf8" })) {
    const path = join(world.state, name);
    if (name !== "earlier.txt" && lstatSync(path).isFile()) yield [name, readFileSync(path, "latin1")];
  }
  const everything = ["cat-file", "--batch-all-objects", "--batch"];
  const objects = spawnSync("git", everything, { cwd: world.repository.path, maxBuffer: 2 ** 28 });
  yield ["the objects of the repository", objects.stdout.toString("latin1")];
}

function findSecrets(secret: string, texts: Iterable<readonly [string, string]>): readonly string[] {
  const spellings = spellingsOf(secret);
  return [...texts].flatMap(([name, text]) =>
    spellings.some((spelling) => text.includes(spelling)) ? [name] : [],
  );
}

/** As it is, backwards, in hex, and in base64 wherever it begins. */
export function spellingsOf(secret: string): readonly string[] {
  const shifted = [0, 1, 2].map((shift) => {
    const text = Buffer.from(" ".repeat(shift) + secret).toString("base64");
    // The first and the last group depend on what stands around.
    return text.slice(4, -4);
  });
  return [secret, secret.split("").toReversed().join(""), Buffer.from(secret).toString("hex"), ...shifted];
}

/** By the mark that each process gets, and by how long it sleeps where it threw its environment away. */
function findProcesses(world: World, sleep: string): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const [environ = "", command = ""] = ["environ", "cmdline"].map((file) => readProcess(pid, file));
    const isOurs = environ.includes(`RALPH_GROUP=${markOf(world)}.`) || command.includes(sleep);
    return isOurs ? [`${pid} ${command.replaceAll("\0", " ")}`] : [];
  });
}

const markOf = ({ state }: World): string => createHash("sha256").update(state).digest("hex").slice(0, 16);

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

function findCgroups(world: World): readonly string[] {
  const search = ["/sys/fs/cgroup", "-type", "d", "-name", `ralph-${markOf(world)}-*`];
  return spawnSync("find", search, { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
}
