/** The proxy on a socket, programs in a sandbox that has nothing but this socket, and what is said over it by hand. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { createProxy, type ProxyOptions } from "../../src/adapters/egress/proxy.ts";
import { parseEgressEntry } from "../../src/formats/egress-host.ts";
import { egressSocketInside } from "../../src/formats/egress-env.ts";
import { makeFolder } from "./repository.ts";

export interface TestProxy extends AsyncDisposable {
  readonly socket: string;
  readonly refused: readonly string[];
}

export async function startProxy(
  entries: readonly string[],
  options: Partial<Omit<ProxyOptions, "rules">> = {},
): Promise<TestProxy> {
  const rules = entries.map((entry) => {
    const rule = parseEgressEntry(entry);
    if (typeof rule === "string") throw new Error(`${entry}: ${rule}`);
    return rule;
  });
  const refused: string[] = [];
  const onRefused = (where: string): void => void refused.push(where);
  const proxy = createProxy({ gateway: null, onRefused, outside: { environment: {} }, ...options, rules });
  const socket = join(makeFolder("egress"), "s");
  await new Promise<void>((resolve) => void proxy.server.listen(socket, resolve));
  return { socket, refused, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

/** What nobody inside may reach: it notes every connection and datagram, on both loopback addresses. */
export interface Canary extends AsyncDisposable {
  readonly port: number;
  /** What each said. */
  readonly touched: readonly string[];
}

export async function startCanary(): Promise<Canary> {
  const touched: string[] = [];
  const sockets = new Set<Socket>();
  const listen = (host: string, port: number): Promise<ReturnType<typeof createServer>> =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        const index = touched.push("") - 1;
        sockets.add(socket.on("error", () => {}));
        socket.on("data", (bytes) => {
          touched[index] += bytes.toString("latin1");
          socket.end("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ncanary\n");
        });
      });
      server.listen(port, host, () => resolve(server));
    });
  const first = await listen("127.0.0.1", 0);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = first.address() as AddressInfo;
  const second = await listen("::1", port);
  const datagrams = createSocket("udp4").on("message", (bytes) => touched.push(bytes.toString("latin1")));
  await new Promise<void>((resolve) => void datagrams.bind(port, "127.0.0.1", resolve));
  return {
    port,
    touched,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void datagrams.close(resolve));
      for (const server of [first, second]) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes bytes to the socket and gives all that comes until it is closed. */
export function say(socket: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const line = connect(socket, () => void line.write(Buffer.from(text, "latin1")));
    line.on("error", () => {});
    line.on("data", (bytes) => (heard += bytes.toString("latin1")));
    line.on("close", () => resolve(heard));
  });
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command that runs another with no network but the socket. @param place What it may write, and where it starts. */
export function contain(
  socket: string | null,
  command: readonly string[],
  place: { readonly writable: string; readonly cwd: string } | null = null,
): readonly string[] {
  const way = socket === null ? [] : ["--ro-bind", socket, egressSocketInside];
  const own = place === null ? [] : ["--bind", place.writable, place.writable, "--chdir", place.cwd];
  const box = [
    "--unshare-all",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
  ];
  return ["bwrap", ...box, "--tmpfs", "/run", ...way, ...own, "--", ...command];
}

export function run(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], HOME: "/nowhere", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
