/**
 * The proxy behind one socket: a tunnel (`CONNECT`) or a plain request to a host on the list, and nothing else.
 * Whatever comes from inside is hostile; nothing of it may end the supervisor.
 */
import {
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  type Destination,
  type EgressRule,
  findRule,
  formatDestination,
  readAbsoluteTarget,
  readDestination,
} from "../../formats/egress-host.ts";
import { type Dialed, dial, type Outside } from "./dial.ts";
import type { Gateway } from "./gateway.ts";
import { joinSockets } from "./join-sockets.ts";
import { passAnswer, requestHeaders } from "./pass-on.ts";

export interface ProxyOptions {
  readonly rules: readonly EgressRule[];
  /** Answers requests that name no host; null refuses them. */
  readonly gateway: Gateway | null;
  /** Told of every refusal, with `host:port`, or with what was written where that is odd. */
  readonly onRefused: (where: string) => void;
  readonly outside: Outside;
  readonly limits?: Partial<typeof proxyLimits>;
}

const proxyLimits = {
  connectionsMax: 256,
  headerBytesMax: 32 * 1024,
  /** For all headers of a request to come. */
  headerMsMax: 20_000,
  /** Without a byte in either direction. */
  idleMsMax: 15 * 60_000,
};

export interface Proxy extends AsyncDisposable {
  readonly server: Server;
}

export function createProxy(options: ProxyOptions): Proxy {
  const limits = { ...proxyLimits, ...options.limits };
  const sockets = new Set<Socket>();
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headerMsMax,
    connectionsCheckingInterval: limits.headerMsMax / 4,
    // A body may take as long as it moves.
    requestTimeout: 0,
    insecureHTTPParser: false,
  });
  server.maxConnections = limits.connectionsMax;
  server.timeout = limits.idleMsMax;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("error", () => {});
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const isLong = error.code === "HPE_HEADER_OVERFLOW";
    endWith(
      socket,
      isLong ? "431 Headers too large" : "400 Bad request",
      "This is no request that is understood.",
    );
  });
  server.on("connect", (request, socket: Socket, head) => {
    socket.on("error", () => {});
    socket.setTimeout(limits.idleMsMax, () => socket.destroy());
    if (head.length > 0) socket.unshift(head);
    void openTunnel(request.url ?? "", socket, options).catch(() => socket.destroy());
  });
  server.on("request", (request, response) => {
    for (const stream of [request, response]) stream.on("error", () => {});
    void answer(request, response, options).catch(() => response.destroy());
  });
  return {
    server,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function openTunnel(authority: string, client: Duplex, options: ProxyOptions): Promise<void> {
  const way = await findWay(readDestination(authority, null), authority, options);
  if (way.kind !== "open") return endWith(client, way.status, way.told);
  if (client.destroyed) return void way.socket.destroy();
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  joinSockets(client, way.socket);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ProxyOptions,
): Promise<void> {
  const { url = "", method, headers } = request;
  if (options.gateway !== null && url.startsWith("/")) return options.gateway.answer(request, response);
  const target = readAbsoluteTarget(url);
  const way = await findWay(namesOneHost(headers.host, target) ? target : null, url, options);
  if (way.kind !== "open" || target === null) return refuse(response, way.kind === "open" ? badRequest : way);
  if (response.destroyed) return void way.socket.destroy();
  const host = target.port === 80 ? target.host : formatDestination(target);
  const sent = sendRequest({
    createConnection: () => way.socket,
    method,
    path: target.path,
    headers: { ...requestHeaders(request, []), host },
  });
  sent.on("response", (answered) => passAnswer(answered, response, []));
  sent.on("error", () => {
    if (response.headersSent) response.destroy();
    else refuse(response, { status: "502 Bad gateway", told: `${host} broke the connection off.` });
  });
  response.on("close", () => {
    sent.destroy();
    way.socket.destroy();
  });
  request.pipe(sent);
}

/** The line says where the request goes; another host in its header is an attempt to go elsewhere. */
function namesOneHost(header: string | undefined, target: Destination | null): boolean {
  if (header === undefined || target === null) return true;
  const named = readDestination(header, 80);
  return named !== null && formatDestination(named) === formatDestination(target);
}

interface Refusal {
  readonly status: string;
  readonly told: string;
}
type Way = Extract<Dialed, { kind: "open" }> | (Refusal & { readonly kind: "refused" | "odd" | "failed" });

const badRequest: Refusal = { status: "400 Bad request", told: "This is no request that is understood." };

async function findWay(
  destination: Destination | null,
  written: string,
  options: ProxyOptions,
): Promise<Way> {
  const { rules, onRefused, outside } = options;
  if (destination === null) {
    onRefused(written);
    return { kind: "odd", ...badRequest };
  }
  const where = formatDestination(destination);
  const rule = findRule(rules, destination);
  const dialed: Dialed = rule === null ? { kind: "private" } : await dial(destination, rule, outside);
  if (dialed.kind === "open") return dialed;
  if (dialed.kind === "failed")
    return {
      kind: "failed",
      status: "502 Bad gateway",
      told: `${where} cannot be reached: ${dialed.reason}.`,
    };
  onRefused(where);
  const told =
    rule === null
      ? `This sandbox may not reach ${where}. If it should: add it to sandbox.egress in ralph.config.yaml.`
      : `This sandbox may not reach ${where}: the name leads to a private address. If it should: add the address itself to sandbox.egress in ralph.config.yaml.`;
  return { kind: "refused", status: "403 Refused by sandbox.egress", told };
}

function refuse(response: ServerResponse, { status, told }: Refusal): void {
  const reason = status.slice(4);
  response.writeHead(Number(status.slice(0, 3)), reason, {
    "content-type": "text/plain",
    connection: "close",
  });
  response.end(`${told}\n`);
}

function endWith(socket: Duplex, status: string, told: string): void {
  if (!socket.writable) return void socket.destroy();
  const body = `${told}\n`;
  const headers = `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.resume();
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}
