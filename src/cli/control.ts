/** What a supervisor answers at its control door and its health endpoint. */
import { findHolder } from "../adapters/state/lease-file.ts";
import { type Answer, openDoor, type Routes } from "../adapters/control/door.ts";
import { type Health, openHealth, type HealthPlace } from "../adapters/control/health.ts";
import { viewStatus, viewWaits } from "../core/report.ts";
import { messageOf } from "../errors.ts";
import { parseEmptyOrder, parsePauseOrder, parseStopOrder } from "../formats/control-order.ts";
import type { Loop } from "../supervisor/loop.ts";
import type { Project } from "./compose.ts";
import { showView, todayOf } from "./status.ts";
import type { Stopping } from "./stopping.ts";
import type { Teller } from "./tell.ts";

export interface Controlled {
  readonly project: Project;
  readonly loop: Loop;
  readonly run: string;
  /** Level of the sandbox. */
  readonly sandbox: string;
  readonly stopping: Stopping;
  readonly teller: Teller;
}

export interface DoorOptions {
  /** Without it a supervisor can still be told by signals: a run only warns. */
  readonly isRequired: boolean;
  readonly health: HealthPlace | null;
}

/** Opens what the options ask for. */
export async function openControl(controlled: Controlled, options: DoorOptions): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { project, teller, loop } = controlled;
  try {
    opened.use(await openDoor(project.state.door, routesOf(controlled)));
  } catch (error) {
    if (options.isRequired) throw error;
    teller.log.write("warn", "no control door: stop, pause and resume do not reach this run", {
      reason: messageOf(error),
    });
  }
  if (options.health !== null) {
    const health = opened.use(await openHealth(options.health, () => healthOf(loop)));
    const host = health.host.includes(":") ? `[${health.host}]` : health.host;
    teller.say(`health at http://${host}:${health.port}/healthz`);
  }
  return opened.move();
}

function routesOf(controlled: Controlled): Routes {
  const { loop, stopping } = controlled;
  const answer = (): Answer => {
    const { paused, stopping: stop, waits, attempts } = viewStatus(loop.state, loop.queue);
    return { paused, stopping: stop, waits, running: attempts.length };
  };
  return {
    "GET /status": () => statusOf(controlled),
    "POST /stop": async (body) => {
      await stopping.ask(parseStopOrder(body).how, { kind: "stopped" });
      return answer();
    },
    "POST /pause": async (body) => {
      const given = parsePauseOrder(body).reason;
      // Said again without a word, it takes none back.
      if (given === null && loop.state.paused?.kind === "person") return answer();
      const reason = given ?? "a person said so";
      await loop.ask({ type: "run-paused", cause: { kind: "person", reason, untilMs: null, day: null } });
      return answer();
    },
    "POST /resume": async (body) => {
      parseEmptyOrder(body);
      const { paused, waits } = loop.state;
      const wasPaused = paused !== null || waits.size > 0;
      if (wasPaused) await loop.ask({ type: "run-resumed", by: "person", reason: "a person said so" });
      return { ...answer(), wasPaused };
    },
    "POST /tasks": (body) => {
      parseEmptyOrder(body);
      loop.hint();
      return {};
    },
  };
}

function statusOf({ project, loop, run, sandbox }: Controlled): Answer {
  const { state, queue, heardMs } = loop;
  const supervisor = findHolder(project.state.lease);
  const at = new Date(heardMs).toISOString();
  const last = { run, state: "running", at, outcome: null, sandbox } as const;
  return { ...showView(project, viewStatus(state, queue), { supervisor, last, today: todayOf(state) }) };
}

/** A turn reads files and asks git: one that takes longer than this hangs. */
const turnMsMax = 5 * 60_000;

function healthOf({ state, pulse }: Loop): Health {
  if (state.stopping !== null) return { status: "stopping", isHealthy: false };
  if (!pulse.isWaiting && Date.now() - pulse.turnedAtMs > turnMsMax)
    return { status: "stuck", isHealthy: false };
  if (state.paused !== null) return { status: "paused", isHealthy: true };
  if (state.attempts.size > 0) return { status: "working", isHealthy: true };
  const isWaiting = viewWaits(state).some(({ untilMs }) => untilMs > Date.now());
  return { status: isWaiting ? "waiting" : "idle", isHealthy: true };
}
