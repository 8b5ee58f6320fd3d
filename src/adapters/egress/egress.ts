/** The only ways out of sandboxes: one socket for each agent, each gate and set-up that may reach anything at all. */
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AgentConfig } from "../../core/config.ts";
import { RalphError } from "../../errors.ts";
import { type EgressRule, parseEgressEntry } from "../../formats/egress-host.ts";
import { egressEnvironment, egressSocketInside, forwarderPort } from "../../formats/egress-env.ts";
import { oneLine } from "../../formats/one-line.ts";
import type { EgressProfile } from "../sandbox/containment.ts";
import { createGateway } from "./gateway.ts";
import type { Metered } from "./meter.ts";
import { modelWay, noWay } from "./model-way.ts";
import { createProxy } from "./proxy.ts";
import { makeSocketFolder } from "./socket-folder.ts";
import { wrapEgress } from "./wrap.ts";

export interface EgressOptions {
  /** `sandbox.egress`. */
  readonly hosts: readonly string[];
  /** Whose models must be told well; later ones may come with another configuration. */
  readonly agents: readonly AgentConfig[];
  /** The supervisor's own: keys, and the user's proxy. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For the log: `refused egress to evil.example:443`, once for each host and purpose. */
  readonly warn: (message: string) => void;
}

export interface Egress extends AsyncDisposable {
  /** Where this built-in agent finds its model, inside; null: it is to ask the model itself, and to have its key. */
  readonly gatewayFor: (agent: AgentConfig) => string | null;
  /**
   * Opens a way for one start of a program. Null: nothing may be reached, and nothing is to be mounted or wrapped.
   * @param purpose Such as a task's id, for the log.
   * @param onSpent Hears what is asked of a model through the gateway with our key.
   */
  readonly profile: (
    who: EgressProfile,
    purpose: string,
    onSpent?: (spent: Metered) => void,
  ) => EgressDoor | null;
}

/** To be disposed of when the program is gone. */
export interface EgressDoor extends AsyncDisposable {
  /** Breaks off what is asked of the model, counts it, and lets nothing out from now on that costs something. */
  readonly hold: () => void;
  readonly resume: () => void;
  /** Outside; inside it is to be at `egressSocketInside`. */
  readonly socket: string;
  readonly env: Readonly<Record<string, string>>;
  readonly wrap: (command: readonly string[]) => readonly string[];
  /** `host:port` → how often; the first of them. */
  readonly refused: ReadonlyMap<string, number>;
}

/** @throws RalphError `config-invalid`, `sandbox-unavailable`. */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const { agents, environment } = options;
  const hosts = readRules(options.hosts);
  for (const agent of agents) modelWay(agent, environment);
  const folder = await makeSocketFolder(environment);
  const open = new Set<EgressDoor>();
  let count = 0;
  const told = new Set<string>();
  const tellOnce = (message: string): void => {
    if (told.has(message) || told.size >= warningsMax) return;
    told.add(message);
    options.warn(message);
  };
  return {
    gatewayFor: (agent) => (isBehindGateway(agent, environment) ? egressSocketInside : null),
    profile(who, purpose, onSpent) {
      const way = who === "gates" ? noWay : modelWay(who, environment);
      const { gateway } = way;
      const rules = [...hosts, ...readRules(way.hosts)];
      if (rules.length === 0 && gateway === null) return null;
      count += 1;
      const door = openDoor(join(folder.path, String(count)), {
        rules,
        gateway,
        onSpent,
        forwardsItself: who !== "gates" && isBehindGateway(who, environment),
        environment,
        tell: (where) => tellOnce(`refused egress to ${where} (${purpose})`),
        onClose: () => void open.delete(door),
      });
      open.add(door);
      return door;
    },
    async [Symbol.asyncDispose]() {
      for (const door of open) await door[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const isBehindGateway = (agent: AgentConfig, environment: EgressOptions["environment"]): boolean =>
  agent.kind === "builtin" && modelWay(agent, environment).gateway !== null;

function readRules(entries: readonly string[]): readonly EgressRule[] {
  return entries.map((entry) => {
    const rule = parseEgressEntry(entry);
    if (typeof rule !== "string") return rule;
    throw new RalphError("config-invalid", `sandbox.egress names ${oneLine(entry, 100)}: ${rule}`, {
      hint: "Write host, host:port or *.host; docs/egress.md has examples.",
    });
  });
}

interface DoorParts {
  readonly rules: readonly EgressRule[];
  readonly gateway: ReturnType<typeof modelWay>["gateway"];
  readonly onSpent: ((spent: Metered) => void) | undefined;
  /** Whether the program opens its own forwarder: it is told the socket otherwise. */
  readonly forwardsItself: boolean;
  readonly environment: EgressOptions["environment"];
  readonly tell: (where: string) => void;
  readonly onClose: () => void;
}

function openDoor(socket: string, parts: DoorParts): EgressDoor {
  const { rules, environment, forwardsItself } = parts;
  const refused = new Map<string, number>();
  const gateway =
    parts.gateway === null ? null : createGateway({ ...parts.gateway, environment, onSpent: parts.onSpent });
  const onRefused = (where: string): void => countRefused(refused, where, parts.tell);
  const proxy = createProxy({ rules, gateway, onRefused, outside: { environment } });
  proxy.server.listen(socket);
  try {
    // The socket is there by now. Whoever is somebody else inside must reach it; outside nobody gets into its folder.
    chmodSync(socket, 0o666);
  } catch (error) {
    // A server that listens would keep this process for ever.
    proxy.server.close();
    throw error;
  }
  const model = gateway === null ? {} : { ANTHROPIC_BASE_URL: `http://127.0.0.1:${forwarderPort}` };
  return {
    socket,
    env: forwardsItself ? {} : { ...egressEnvironment(forwarderPort), ...model },
    wrap: (command) => (forwardsItself ? command : wrapEgress(command)),
    refused,
    hold: () => gateway?.hold(),
    resume: () => gateway?.resume(),
    async [Symbol.asyncDispose]() {
      parts.onClose();
      await proxy[Symbol.asyncDispose]();
      gateway?.[Symbol.dispose]();
      rmSync(socket, { force: true });
    },
  };
}

const warningsMax = 1_000;
const hostsMax = 50;
const hostCharsMax = 80;

/** Names come from inside, without end if somebody likes. */
function countRefused(refused: Map<string, number>, where: string, tell: (where: string) => void): void {
  const host = oneLine(where.replaceAll(/[^\x20-\x7E]/g, "?"), hostCharsMax);
  const known = refused.get(host);
  if (known === undefined && refused.size >= hostsMax) return;
  refused.set(host, (known ?? 0) + 1);
  if (known === undefined) tell(host);
}
