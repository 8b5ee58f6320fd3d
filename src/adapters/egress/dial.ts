/**
 * Connects to an allowed host. A name is resolved here, and the connection goes to the very addresses that were
 * looked at: a name that answers with another address the next time gains nothing.
 */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import type { Destination, EgressRule } from "../../formats/egress-host.ts";
import { isPublicAddress } from "../../formats/ip-ranges.ts";
import { messageOf, systemCodeOf } from "../../errors.ts";

export type Dialed =
  | { readonly kind: "open"; readonly socket: Socket }
  /** The name leads to this machine or its network. */
  | { readonly kind: "private" }
  | { readonly kind: "failed"; readonly reason: string };

type Environment = Readonly<Record<string, string | undefined>>;

export interface Outside {
  /** Names the user's own proxy, if there is one: then that one resolves the names. */
  readonly environment: Environment;
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

const connectMsMax = 15_000;

export async function dial(destination: Destination, rule: EgressRule, outside: Outside): Promise<Dialed> {
  const { environment, resolve = (name: string) => lookup(name, { all: true }) } = outside;
  const { host, port } = destination;
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  try {
    if (rule.isLiteral) return await opened(connect({ host: bare, port, allowHalfOpen: true }));
    const upstream = upstreamFor(host, environment);
    if (upstream !== null) return { kind: "open", socket: await throughProxy(destination, upstream) };
    const addresses = (await resolve(host)).filter(({ address }) => isPublicAddress(address));
    if (addresses.length === 0) return { kind: "private" };
    return await opened(
      connect({ host, port, allowHalfOpen: true, lookup: (_, __, answer) => answer(null, addresses) }),
    );
  } catch (error) {
    return { kind: "failed", reason: systemCodeOf(error) ?? messageOf(error) };
  }
}

/** The user's own proxy for this host; null: none. Others than plain HTTP ones are not spoken to. */
export function upstreamFor(host: string, environment: Environment): URL | null {
  const valueOf = (name: string): string =>
    [environment[name.toLowerCase()], environment[name]].find((value) => (value ?? "") !== "") ?? "";
  const isExcepted = valueOf("NO_PROXY")
    .split(",")
    .map((entry) =>
      entry
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ""),
    )
    .some((entry) => entry === "*" || (entry !== "" && (host === entry || host.endsWith(`.${entry}`))));
  const proxy = URL.parse(valueOf("HTTPS_PROXY"));
  return isExcepted || proxy?.protocol !== "http:" ? null : proxy;
}

function opened(socket: Socket): Promise<Dialed> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error("no answer")), connectMsMax);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve({ kind: "open", socket });
    });
    // Stays: a connection may fail at any time, and whoever uses it sees it close.
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function throughProxy(destination: Destination, proxy: URL): Promise<Socket> {
  const { hostname, port, username, password } = proxy;
  const path = `${destination.host}:${destination.port}`;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    "base64",
  );
  const headers = { host: path, ...(username === "" ? {} : { "proxy-authorization": `Basic ${login}` }) };
  return new Promise((resolve, reject) => {
    const place = { host: hostname, port: port === "" ? 80 : port, agent: false };
    const asked = request({ ...place, method: "CONNECT", path, headers });
    asked.setTimeout(connectMsMax, () => asked.destroy(new Error("the proxy gives no answer")));
    asked.on("error", reject);
    asked.on("response", ({ statusCode }) => {
      asked.destroy();
      reject(new Error(`the proxy answers ${statusCode}`));
    });
    asked.on("connect", ({ statusCode }, socket: Socket, head) => {
      socket.setTimeout(0);
      socket.on("error", () => {});
      if (head.length > 0) socket.unshift(head);
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy answers ${statusCode}`));
    });
    asked.end();
  });
}
