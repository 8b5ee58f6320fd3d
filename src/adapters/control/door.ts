/**
 * The control door: HTTP over a unix socket in the state directory, for whoever may read that directory.
 *
 * The lease is held when it opens, so a socket that is there already belongs to nobody. A caller is never trusted: bodies
 * are bounded and parsed, and who is slow is cut off.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { messageOf, RalphError } from "../../errors.ts";
import { shortSocketPath } from "./unix-path.ts";

export type Answer = Readonly<Record<string, unknown>>;
/** By method and path: `POST /stop`. Gets what the body says, `{}` for none. @throws RalphError `usage` for a body that will not do. */
export type Routes = Readonly<Record<string, (body: unknown) => Answer | Promise<Answer>>>;

const bodyBytesMax = 64 * 1024;
const callersMax = 32;
const limits = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  keepAlive: false,
  maxHeaderSize: 8 * 1024,
};
/** Who does not take the answer is cut off. */
const silenceMsMax = 10_000;

/** `file`: where the socket lies. @throws RalphError `state-not-writable` when it cannot be opened there. */
export async function openDoor(file: string, routes: Routes): Promise<AsyncDisposable> {
  const short = shortSocketPath(file);
  const server = createServer(limits, (request, response) => void answer(request, response, routes));
  server.maxConnections = callersMax;
  server.setTimeout(silenceMsMax);
  try {
    rmSync(file, { force: true });
    await listen(server, short.path);
    chmodSync(file, 0o600);
  } catch (cause) {
    // A server that listens would keep this process for ever.
    server.close();
    short[Symbol.dispose]();
    throw new RalphError(
      "state-not-writable",
      `the control socket ${file} cannot be opened: ${messageOf(cause)}`,
      {
        hint: "Set RALPH_STATE_DIR to a directory on a local file system.",
        cause,
      },
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      short[Symbol.dispose]();
    },
  };
}

/** Nobody else may connect in the moment before its mode is set. */
async function listen(server: Server, path: string): Promise<void> {
  const listening = once(server, "listening");
  const mask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  await listening;
}

async function answer(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  // The caller has gone: nobody is left to be told.
  response.on("error", () => {});
  request.on("error", () => {});
  try {
    const route = findRoute(request, routes);
    send(response, 200, await route(await readBody(request)));
  } catch (error) {
    if (request.destroyed && !request.complete) return;
    const { status, body } = describe(error);
    send(response, status, body);
  }
}

/** Trouble with an HTTP status of its own. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function findRoute({ method = "", url = "" }: IncomingMessage, routes: Routes): Routes[string] {
  const [path = ""] = url.split("?");
  const name = `${method} ${path}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (route !== undefined) return route;
  const isKnown = Object.keys(routes).some((each) => each.endsWith(` ${path}`));
  throw new Refusal(
    isKnown ? 405 : 404,
    isKnown ? `${path} does not take ${method}` : "there is nothing here",
  );
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

/** What is too much is passed over and not kept: who is cut off in the middle of writing hears no answer. */
function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else reject(new Refusal(413, `a body may have ${bodyBytesMax} bytes`));
    });
    request.once("end", () => resolve(Buffer.concat(chunks).toString()));
    request.once("close", () => reject(new Refusal(400, "the body is not whole")));
  });
}

function describe(error: unknown): { readonly status: number; readonly body: Answer } {
  const message = messageOf(error);
  if (error instanceof Refusal) return { status: error.status, body: { error: { code: "usage", message } } };
  if (error instanceof RalphError) {
    const status = error.code === "usage" ? 400 : 500;
    return { status, body: { error: { code: error.code, message, hint: error.hint } } };
  }
  return { status: 500, body: { error: { code: "defect", message } } };
}

function send(response: ServerResponse, status: number, body: Answer): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    connection: "close",
  });
  response.end(text);
}
