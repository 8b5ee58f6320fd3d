/** A health endpoint for containers: whether the supervisor works or waits, and nothing of what it works on. */
import { once } from "node:events";
import { createServer } from "node:http";
import { messageOf, RalphError } from "../../errors.ts";

export interface Health {
  readonly status: "idle" | "working" | "waiting" | "paused" | "stopping" | "stuck";
  readonly isHealthy: boolean;
}

export interface HealthPlace {
  readonly host: string;
  readonly port: number;
}

const limits = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 8 * 1024,
};
const callersMax = 32;

/** `127.0.0.1:8080`, `8080`, `[::1]:8080`. @throws RalphError `usage`. */
export function parseHealthPlace(text: string): HealthPlace {
  const found = /^(?:(?<host>[\w.-]+|\[[\da-fA-F:.]+\]):)?(?<port>\d{1,5})$/.exec(text);
  const port = Number(found?.groups?.["port"] ?? -1);
  if (found === null || port > 65_535) {
    throw new RalphError("usage", `--health takes an address and a port, and "${text}" is none`, {
      hint: "Such as --health 127.0.0.1:8080; in a container: --health 0.0.0.0:8080.",
    });
  }
  return { host: (found.groups?.["host"] ?? "127.0.0.1").replace(/^\[|\]$/g, ""), port };
}

/** @throws RalphError `usage` for an address that cannot be bound. */
export async function openHealth(
  place: HealthPlace,
  look: () => Health,
): Promise<AsyncDisposable & HealthPlace> {
  const server = createServer(limits, (request, response) => {
    const isAsked = request.url === "/healthz" && (request.method === "GET" || request.method === "HEAD");
    const { status, isHealthy } = look();
    const body = isAsked ? `${JSON.stringify({ status })}\n` : "";
    const found = isHealthy ? 200 : 503;
    response.on("error", () => {});
    response.writeHead(isAsked ? found : 404, { "content-type": "application/json", connection: "close" });
    response.end(body);
    // Whatever body a caller sends is not read.
    request.resume();
  });
  server.maxConnections = callersMax;
  server.setTimeout(limits.requestTimeout);
  try {
    const listening = once(server, "listening");
    server.listen(place.port, place.host);
    await listening;
  } catch (cause) {
    const message = `--health ${place.host}:${place.port} cannot be used: ${messageOf(cause)}`;
    throw new RalphError("usage", message, {
      hint: "Choose another port, or an address of this machine.",
      cause,
    });
  }
  const address = server.address();
  return {
    host: place.host,
    port: typeof address === "object" && address !== null ? address.port : place.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
