/** `ralphwright stop|pause|resume`: what people tell a supervisor that runs, through its control door. */
import { setTimeout as sleep } from "node:timers/promises";
import { callDoor } from "../adapters/control/door-call.ts";
import {
  findHolder,
  heldElsewhere,
  type LeaseHolder,
  type SeenHolder,
} from "../adapters/state/lease-file.ts";
import type { StatusView } from "../core/report.ts";
import { RalphError } from "../errors.ts";
import type { StateFolder } from "../adapters/state/state-folder.ts";
import { requireReadable } from "../adapters/state/state-place.ts";
import { findState, type Project } from "./compose.ts";
import { print, printJson } from "./print.ts";
import { openWaits, waitText } from "./wait-text.ts";

interface Asking {
  readonly cwd: string;
  readonly json: boolean;
}

export async function stop(
  options: Asking & { readonly now: boolean; readonly wait: boolean },
): Promise<void> {
  const state = await findState(options.cwd);
  const holder = requireHolder(state);
  const answer = await ask(state, holder, {
    route: "POST /stop",
    body: { how: options.now ? "now" : "drain" },
  });
  if (options.wait) await waitForEnd(state, holder);
  if (options.json) return printJson({ ...answer, ended: options.wait });
  if (options.wait) return print(`The supervisor (pid ${holder.pid}) has ended.`);
  const what = options.now ? "Stopping now." : `Stopping: ${finishing(answer)}`;
  print(options.now || answer.running === 0 ? what : `${what} At once: ralphwright stop --now`);
}

export async function pause(options: Asking & { readonly reason: string | null }): Promise<void> {
  const state = await findState(options.cwd);
  const body = options.reason === null ? {} : { reason: options.reason };
  const answer = await ask(state, requireHolder(state), { route: "POST /pause", body });
  if (options.json) return printJson(answer);
  const next = answer.stopping === null ? "Go on with: ralphwright resume" : (heldText(answer) ?? "");
  print(`Paused: ${finishing(answer)} ${next}`);
}

export async function resume(options: Asking): Promise<void> {
  const state = await findState(options.cwd);
  const answer = await ask(state, requireHolder(state), { route: "POST /resume", body: {} });
  if (options.json) return printJson(answer);
  const held = heldText(answer);
  if (answer.wasPaused !== true)
    return print(held ?? "It was not paused, and waited for nothing; nothing was changed.");
  print(held === null ? "Resumed: what is ready starts." : `Resumed. ${held}`);
}

/** Says to a supervisor, where there is one, that the queue has changed; it would find out by itself, but later. */
export async function tellOfTasks({ state }: Project): Promise<void> {
  if (findHolder(state.lease) === null) return;
  await callDoor(state.door, { route: "POST /tasks", body: {} }).catch(() => null);
}

interface Told extends Pick<StatusView, "stopping" | "waits"> {
  readonly running: number;
  readonly wasPaused?: boolean;
}

/** Why nothing new starts although nothing is paused, which no resume mends; null when it does start. */
function heldText({ stopping, waits }: Told): string | null {
  if (stopping !== null) return `Nothing new starts: the supervisor ends (${stopping}).`;
  const nowMs = Date.now();
  const window = openWaits(waits, nowMs).find(({ kind }) => kind === "window");
  return window === undefined ? null : `It is ${waitText(window, nowMs)}.`;
}

function finishing({ running }: Told): string {
  if (running === 0) return "nothing runs.";
  return `${running} ${running === 1 ? "attempt is" : "attempts are"} finished first.`;
}

function requireHolder(state: StateFolder): SeenHolder {
  const holder = findHolder(state.lease);
  if (holder !== null) return holder;
  requireReadable(state.path);
  throw new RalphError("supervisor-missing", "no supervisor works on this repository", {
    hint: "Start one: ralphwright daemon, or ralphwright run.",
  });
}

async function ask(
  state: StateFolder,
  holder: SeenHolder,
  call: { readonly route: string; readonly body: unknown },
): Promise<Told> {
  const answer = await callDoor(state.door, call);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but a supervisor can open a socket there
  if (answer !== null) return answer as Told;
  if (holder.where === "other-machine") throw heldElsewhere(holder, state.lease);
  const { who, stopping } = namesOf(holder);
  throw new RalphError("supervisor-missing", `the supervisor (${who}) has no control door open`, {
    hint: `It has just begun, or could not open one. SIGTERM stops it after what runs: ${stopping}`,
  });
}

/** A pid of another container is some other program's here. */
function namesOf({ pid, host, where }: SeenHolder): { readonly who: string; readonly stopping: string } {
  if (where === "here") return { who: `pid ${pid}`, stopping: `kill ${pid}` };
  return { who: `pid ${pid} in another container, ${host}`, stopping: `in that container, kill ${pid}` };
}

const lookAgainMs = 100;

async function waitForEnd(state: StateFolder, { pid, startTime }: LeaseHolder): Promise<void> {
  for (;;) {
    const now = findHolder(state.lease);
    if (now === null || now.pid !== pid || now.startTime !== startTime) return;
    await sleep(lookAgainMs);
  }
}
