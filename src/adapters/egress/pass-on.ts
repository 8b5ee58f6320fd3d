/** What of a request or an answer goes on to the next machine. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";

type Headers = Record<string, string | string[]>;

/** They speak of this one connection. */
const connectionNames = [
  "connection",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

export function requestHeaders({ headers }: IncomingMessage, without: readonly string[]): Headers {
  // Said anew: without it, node sends the body of a GET as it is, and the next machine reads it as another request.
  const framing = headers["transfer-encoding"] === undefined ? {} : { "transfer-encoding": "chunked" };
  return { ...passableHeaders(headers, without), ...framing };
}

/** What every request to a model has, and nothing that tells a server on the way where it is to go. */
const modelNames = /^(accept|anthropic-beta|anthropic-version|content-type|user-agent|x-stainless-[a-z-]+)$/;

export function modelHeaders({ headers }: IncomingMessage): Headers {
  const passed = Object.entries(passableHeaders(headers, []));
  return Object.fromEntries(passed.filter(([name]) => modelNames.test(name)));
}

/** An answer that breaks off breaks off here too. */
export function passAnswer(
  answered: IncomingMessage,
  response: ServerResponse,
  without: readonly string[],
): void {
  if (passHead(answered, response, without)) pipeline(answered, response, () => {});
}

/** False where there is nobody to answer any more. */
export function passHead(
  answered: IncomingMessage,
  response: ServerResponse,
  without: readonly string[],
): boolean {
  try {
    response.writeHead(answered.statusCode ?? 502, passableHeaders(answered.headers, without));
    response.flushHeaders();
    return true;
  } catch {
    // A status or a header that node reads and will not write.
    response.destroy();
    return false;
  }
}

function passableHeaders(headers: IncomingHttpHeaders, without: readonly string[]): Headers {
  const listed = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const left = new Set([...connectionNames, ...without, ...listed]);
  // It says where the body ends: nobody may take it away.
  left.delete("content-length");
  const passed: Headers = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !left.has(name)) passed[name] = value;
  return passed;
}
