/** Asks a supervisor through its control door. */
import { request } from "node:http";
import { RalphError, systemCodeOf } from "../../errors.ts";
import { shortSocketPath } from "./unix-path.ts";

export interface DoorCall {
  /** `POST /stop` */
  readonly route: string;
  readonly body?: unknown;
}

/** What does not answer in that time hangs. */
const answerMsMax = 10_000;
const answerBytesMax = 16 * 1024 * 1024;
/** Nobody listens there: no socket, or one that was left behind. */
const absentCodes: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK", "ENOTDIR"]);

/** Null when nobody is there. @throws RalphError for what the supervisor refuses, and when it does not answer. */
export async function callDoor(file: string, call: DoorCall): Promise<unknown> {
  try {
    using short = shortSocketPath(file);
    return readAnswer(await exchange(short.path, call));
  } catch (error) {
    if (absentCodes.has(systemCodeOf(error) ?? "")) return null;
    throw error;
  }
}

interface Exchanged {
  readonly status: number;
  readonly text: string;
}

function exchange(socketPath: string, { route, body }: DoorCall): Promise<Exchanged> {
  const [method, path] = route.split(" ");
  const sent = body === undefined ? "" : JSON.stringify(body);
  const headers = { "content-length": Buffer.byteLength(sent), connection: "close" };
  const signal = AbortSignal.timeout(answerMsMax);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(signal.aborted ? silent() : error);
    const asked = request({ socketPath, method, path, headers, agent: false, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("error", fail);
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > answerBytesMax) asked.destroy();
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on("error", fail);
    asked.end(sent);
  });
}

const silent = (): RalphError =>
  new RalphError("supervisor-missing", "the supervisor does not answer at its control door", {
    hint: "`ralphwright status` names its pid; it can be stopped by SIGTERM, and by a second one at once.",
  });

function readAnswer({ status, text }: Exchanged): unknown {
  const value: unknown = JSON.parse(text);
  if (status === 200) return value;
  throw new RalphError("usage", `the supervisor refused: ${refusalOf(value)}`);
}

function refusalOf(value: unknown): string {
  if (typeof value !== "object" || value === null || !("error" in value)) return "it did not say why";
  const { error } = value;
  return typeof error === "object" && error !== null && "message" in error
    ? String(error.message)
    : "it did not say why";
}
