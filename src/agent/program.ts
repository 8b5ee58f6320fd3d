/**
 * The built-in agent as a program: one task, one clean context. Settings come as an argument, the brief on standard
 * input; messages go out on standard output. It owns nothing of the supervisor's state.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentSettings, parseAgentSettings, trajectoryName } from "../formats/agent-settings.ts";
import { messageOf } from "../errors.ts";
import { endStatuses } from "../formats/agent-stream.ts";
import { aliasTarget, modelFacts, type ModelFacts } from "../formats/models.ts";
import { egressEnvironment } from "../formats/egress-env.ts";
import { createRedactor, type Redactor } from "../formats/redact.ts";
import { openConversation } from "./conversation.ts";
import { openForwarder } from "./forwarder.ts";
import type { Limits } from "./limits.ts";
import { work } from "./loop.ts";
import { type ClientParts, createModelClient, type ModelClient } from "./model-client.ts";
import { firstMessage, lookAround, type Place as Around, systemText } from "./prompt.ts";
import { openProvider } from "./provider.ts";
import { readRecording, replayFetch } from "./replay.ts";
import { runningClock } from "../running-clock.ts";
import { type AgentEnd, AgentRun, exitCodes } from "./run.ts";
import { type BriefMessage, openSupervisorLine, type SupervisorLine } from "./supervisor-line.ts";
import { toolParams } from "./tool-set.ts";
import { doneTool } from "./tools/done.ts";
import { createFileTools } from "./tools/files.ts";
import { createShellTools } from "./tools/shell.ts";
import { asBlocks, openTrajectory, type Trajectory } from "./trajectory.ts";

/** A dead event loop says nothing: this is the sign of life while a model or a command takes long. */
const busyMs = 60_000;
const silenceMsMax = 120_000;

/** Returns the exit status. */
export async function main(settingsText: string): Promise<number> {
  const settings = parseAgentSettings(settingsText);
  const line = openSupervisorLine(process.stdin, process.stdout);
  const redactor = createRedactor(process.env);
  const trajectory = openTrajectory(join(settings.folder, trajectoryName), redactor, (reason) =>
    line.send({ type: "note", text: `the trajectory cannot be written any more: ${reason}` }),
  );
  const alive = setInterval(() => line.send({ type: "busy" }), busyMs).unref();
  const end = await runTask({ settings, line, redactor, trajectory });
  clearInterval(alive);
  tellEnd(end, { line, trajectory, redactor });
  return exitCodes[end.status];
}

interface Place {
  readonly settings: AgentSettings;
  readonly line: SupervisorLine;
  readonly redactor: Redactor;
  readonly trajectory: Trajectory;
}

async function runTask(place: Place): Promise<AgentEnd> {
  const { settings, line, redactor } = place;
  const around = lookAround(process.cwd());
  using forwarder = settings.gateway === null ? null : await openForwarder(settings.gateway);
  const port = forwarder?.port ?? null;
  const chosen = await chooseClient(settings, port);
  if (chosen.kind === "refused") return { status: "auth", reason: chosen.reason };
  line.send({ type: "started", agent: "builtin", model: settings.model });
  const brief = await line.brief();
  if (brief === null) return { status: "failed", reason: "no brief came on standard input" };
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => stopping.abort());
  const env = { ...commandEnvironment(settings.keys), ...(port === null ? {} : egressEnvironment(port)) };
  const shell = createShellTools({
    top: process.cwd(),
    env,
    outputFolder: join(settings.folder, "output"),
    redactor,
  });
  try {
    const tools = [...shell.tools, ...createFileTools({ top: process.cwd(), redactor }), doneTool];
    return await work(
      openRun(place, { brief, tools, client: chosen.client, signal: stopping.signal, around: await around }),
    );
  } finally {
    await shell.close();
  }
}

type Chosen =
  | { readonly kind: "open"; readonly client: ModelClient }
  | { readonly kind: "refused"; readonly reason: string };

/** @param port Where the gateway is reached, if there is one. */
async function chooseClient(settings: AgentSettings, port: number | null): Promise<Chosen> {
  try {
    const provider = await chooseProvider(settings, port);
    if (provider.kind === "refused") return provider;
    return { kind: "open", client: createModelClient({ ...provider, silenceMsMax }) };
  } catch (error) {
    return { kind: "refused", reason: `the model's client cannot be made: ${messageOf(error)}` };
  }
}

type Provider =
  | ({ readonly kind: "open" } & Pick<ClientParts, "open" | "fetch">)
  | { readonly kind: "refused"; readonly reason: string };

async function chooseProvider(settings: AgentSettings, port: number | null): Promise<Provider> {
  const exact = aliasTarget(settings.model);
  if (exact !== null)
    return {
      kind: "refused",
      reason: `the model ${settings.model} is an alias; write the exact id it stands for today, ${exact}`,
    };
  if (settings.recording === null) {
    const opened =
      port === null
        ? await openProvider(settings, process.env)
        : await openProvider({ ...settings, base_url: `http://127.0.0.1:${port}` }, behindGateway);
    return opened.kind === "open" ? { ...opened, fetch: globalThis.fetch } : opened;
  }
  const recording = await readRecording(settings.recording, Number(process.env["RALPH_PROCESS"] ?? 0));
  if (recording.kind === "unusable") return { kind: "refused", reason: recording.reason };
  const opened = await openProvider({ ...settings, base_url: "http://recorded.invalid" }, {});
  return opened.kind === "open"
    ? { ...opened, fetch: replayFetch(recording.answers, settings.model) }
    : opened;
}

/** The client insists on a key; the true one is added outside. */
const behindGateway = { ANTHROPIC_API_KEY: "added-by-the-gateway" };

interface Opening {
  readonly brief: BriefMessage;
  readonly tools: AgentRun["tools"];
  readonly client: ModelClient;
  readonly signal: AbortSignal;
  readonly around: Around;
}

function openRun(
  { settings, line, redactor, trajectory }: Place,
  { brief, tools, client, signal, around }: Opening,
): AgentRun {
  const today = new Date().toISOString().slice(0, 10);
  const facts = (model: string): ModelFacts => modelFacts(model, today, settings.models);
  const own = facts(settings.model);
  const limits = limitsFrom(brief, own.contextTokens);
  const conversation = openConversation(
    {
      model: settings.model,
      effort: settings.effort,
      thinksAdaptively: own.thinksAdaptively,
      system: systemText,
      tools: toolParams(tools),
      takesSystemMessages: own.thinksAdaptively && settings.recording === null && isAnthropic(settings),
    },
    ({ role, content }) =>
      trajectory.write({ type: role === "system" ? "system" : "user", content: asBlocks(content) }),
  );
  const { frame } = conversation;
  trajectory.write({
    type: "meta",
    v: 1,
    task: process.env["RALPH_TASK"] ?? null,
    attempt: Number(process.env["RALPH_ATTEMPT"] ?? 0) || null,
    process: Number(process.env["RALPH_PROCESS"] ?? 0),
    commit: around.commit,
    promptHash: hash(systemText),
    toolsHash: hash(JSON.stringify(frame.tools)),
    frame,
    limits,
  });
  conversation.addTurn([{ type: "text", text: redactor.text(firstMessage(brief, around)) }], []);
  return new AgentRun({
    conversation,
    tools,
    limits,
    facts,
    line,
    trajectory,
    redactor,
    outputTokensMax: Math.min(own.outputTokensMax, outputTokensFor(settings.effort)),
    calls: {
      client,
      signal,
      nowMs: Date.now,
      runningMs: runningClock.nowMs,
      sleep: (ms, stop) => sleep(ms, undefined, { signal: stop }).catch(() => {}),
    },
  });
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** The reminders' own role is taken by the newest models on Anthropic's own endpoint; elsewhere they are text. */
const isAnthropic = ({ provider, base_url }: AgentSettings): boolean =>
  provider === "anthropic" && base_url === null && process.env["ANTHROPIC_BASE_URL"] === undefined;

const contextTokensSoft = 200_000;
const contextTokensHard = 300_000;

function limitsFrom({ limits }: BriefMessage, windowTokens: number): Limits {
  const contextHard = Math.min(contextTokensHard, Math.floor(windowTokens * 0.6));
  return {
    turnsMax: limits.turns ?? 200,
    wallMsMax: limits.wall_ms ?? 45 * 60_000,
    usdMax: limits.usd ?? 5,
    tokensMax: limits.tokens ?? 20_000_000,
    contextSoft: Math.min(contextTokensSoft, Math.floor((contextHard * 2) / 3)),
    contextHard,
  };
}

/** Thinking counts against it. */
function outputTokensFor(effort: AgentSettings["effort"]): number {
  if (effort === "xhigh" || effort === "max") return 128_000;
  return effort === "high" ? 64_000 : 32_000;
}

/** Keys are for the model's client alone. */
function commandEnvironment(keys: readonly string[]): Readonly<Record<string, string>> {
  const kept = Object.entries(process.env).filter(([name]) => !keys.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? ""]));
}

/** One message that tells the supervisor what the end means, then the end itself. */
function tellEnd({ status, reason, resetsAtMs }: AgentEnd, parts: Omit<Place, "settings">): void {
  const { line, trajectory, redactor } = parts;
  const told = reason === null ? null : redactor.text(reason);
  trajectory.write({ type: "end", status, reason: told, exit: exitCodes[status] });
  const why = told ?? status;
  if (status === "auth" || status === "billing") line.send({ type: "refused", reason: why });
  if (status === "limited")
    line.send({ type: "limit", resets_at: new Date(resetsAtMs ?? Date.now()).toISOString(), reason: why });
  if (status === "handed-over") line.send({ type: "handoff", note: why });
  if (status === "failed") {
    process.stderr.write(`${why}\n`);
    line.send({ type: "note", text: why });
  }
  const named = endStatuses.find((each) => each === status);
  line.send({ type: "end", ...(named === undefined ? {} : { status: named, reason: why }) });
}
