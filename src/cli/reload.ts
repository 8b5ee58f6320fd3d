/** The configuration while a daemon runs: read again when it changes, and the last good one stays. */
import { setTimeout as sleep } from "node:timers/promises";
import { configFileName, configPath } from "../adapters/git/repository.ts";
import { watchPath } from "../adapters/queue/folder-hints.ts";
import type { Sandbox } from "../adapters/sandbox/containment.ts";
import { RalphError } from "../errors.ts";
import { changedKeys, parseConfigText, toConfig } from "../formats/config.ts";
import type { ConfigSource, Ports, Reloaded } from "../ports.ts";
import { watchBranch } from "./own-branch.ts";
import { composeAgents, type Project, readConfigText, sealedChecks } from "./compose.ts";
import { daemonLimits } from "./run-limits.ts";
import { requireAgent } from "./runnable.ts";

/** What is wired once, at the start. */
const restartKeys = ["version", "target", "tasks", "land", "workspace", "sandbox"] as const;
/** The sandbox holds them, and it is opened once. */
const sandboxKeys: ReadonlySet<string> = new Set(
  ["memory", "processes", "file"].map((name) => `limits.attempt.${name}`),
);
/** A file that is being written is left alone for so long. */
const settleMs = 100;
/** In a bare repository nothing tells of a change. */
const lookAgainMs = 5_000;

type Values = ReturnType<typeof parseConfigText>;

export interface ConfigParts {
  readonly project: Project;
  /** As they were composed at the start. */
  readonly ports: Ports;
  readonly sandbox: Sandbox;
}

export async function watchConfig({
  project,
  ports,
  sandbox,
}: ConfigParts): Promise<ConfigSource & AsyncDisposable> {
  const { repository, overrides } = project;
  const watcher = repository.top === null ? null : watchPath(configPath(repository.top));
  const first = await readConfigText(repository, project.git);
  const started: Values = parseConfigText(first.text, first.file, overrides);
  let held = started;
  let seen: string | null = first.text;
  let isTroubled = false;
  const branch = await watchBranch(project);
  const take = (text: string, file: string): Reloaded | null => {
    const values = parseConfigText(text, file, overrides);
    const pending = changedKeys(started, values);
    const changed = changedKeys(held, values);
    // What is put back as it was at the start never held otherwise: of that nothing is to come.
    const told = changed.filter((key) => !needsRestart(key) || pending.includes(key));
    const restart = told.filter((key) => needsRestart(key));
    const kept = Object.fromEntries(restartKeys.map((key) => [key, started[key]]));
    const config = toConfig({ ...values, ...kept });
    requireAgent(config);
    held = values;
    if (changed.length === 0 && !isTroubled) return null;
    isTroubled = false;
    const now: Project = { ...project, config };
    const later: Ports = { ...ports, agents: composeAgents(now, sandbox), checks: sealedChecks(now) };
    return { kind: "valid", config, ports: later, limits: daemonLimits(config), changed: told, restart };
  };
  return {
    async read() {
      if (watcher !== null && watcher.take()?.size === 0) return null;
      try {
        if ((await readNow(project)).text === seen) return null;
        await branch.settle();
        const { text, file } = await readNow(project);
        if (text === seen) return null;
        seen = text;
        branch.require();
        return take(text, file);
      } catch (error) {
        if (!(error instanceof RalphError)) throw error;
        const isGone = error.code === "config-missing";
        if (isGone && seen === null) return null;
        if (isGone) seen = null;
        isTroubled = true;
        return { kind: "invalid", reason: error.message };
      }
    },
    async changed(signal) {
      await (watcher === null ? pause(lookAgainMs, signal) : watcher.wait(signal));
      await pause(settleMs, signal);
    },
    [Symbol.asyncDispose]: () => watcher?.[Symbol.asyncDispose]() ?? Promise.resolve(),
  };
}

const needsRestart = (key: string): boolean =>
  sandboxKeys.has(key) || restartKeys.some((name) => name === key.split(".")[0]);

/** In a bare repository it is asked at every turn: by the process that stands by. */
async function readNow(project: Project): Promise<{ readonly text: string; readonly file: string }> {
  const { repository, git } = project;
  if (repository.top !== null) return readConfigText(repository, git);
  const file = `HEAD:${configFileName}`;
  const found = await git.objects.read(file);
  if (found?.type === "blob") return { text: Buffer.from(found.content).toString(), file };
  return readConfigText(repository, git);
}

const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, null, { signal }).catch(() => {});
