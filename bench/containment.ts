/** What the sandbox adds to an attempt: the same programs with and without it, in pairs, so that noise hits both. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startGroup } from "../src/adapters/process/process-group.ts";
import { openPlainSandbox } from "../test/support/plain-sandbox.ts";
import { noSandbox, type Sandbox } from "../src/adapters/sandbox/containment.ts";
import { openOwnPlace } from "../src/adapters/sandbox/own-place.ts";
import { type Figure, median, spread } from "./figure.ts";

const pairs = 20;
const limitMs = 30;
const pauseMs = 100;
/** An agent and two gates. */
const programsPerAttempt = 3;

export async function measureContainment(repeats: number): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "ralphwright-bench-"));
  const tree = join(folder, "slot", "tree");
  mkdirSync(tree, { recursive: true });
  try {
    const opened: number[] = [];
    let sandbox = noSandbox;
    for (let count = 0; count < repeats; count += 1) {
      const startedMs = performance.now();
      sandbox = openPlainSandbox(folder);
      opened.push(performance.now() - startedMs);
    }
    await using ready = sandbox.keepReady(programsPerAttempt);
    void ready;
    const [without, within, added]: [number[], number[], number[]] = [[], [], []];
    for (let pair = 0; pair < pairs * repeats; pair += 1) {
      const plainMs = await attempt(noSandbox, tree);
      // Real attempts do not follow each other at once: meanwhile the next programs are half started.
      await sleep(pauseMs);
      const containedMs = await attempt(sandbox, tree);
      await sleep(pauseMs);
      without.push(plainMs);
      within.push(containedMs);
      added.push(containedMs - plainMs);
    }
    return [
      {
        title: "containment adds to an attempt (agent, two gates)",
        value: median(added),
        unit: "ms",
        limit: limitMs,
        note: spread(added),
      },
      {
        title: "the same by the quickest of each, for a machine that is busy",
        value: Math.min(...within) - Math.min(...without),
        unit: "ms",
      },
      { title: "the same without a sandbox", value: median(without), unit: "ms" },
      { title: `the same in ${sandbox.level.name}`, value: median(within), unit: "ms" },
      { title: "finding the level, once a run", value: median(opened), unit: "ms", note: spread(opened) },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the folders that each program gets of its own, made and removed. */
async function attempt(sandbox: Sandbox, tree: string): Promise<number> {
  const startedMs = performance.now();
  for (let count = 0; count < programsPerAttempt; count += 1) {
    await using own = await openOwnPlace(sandbox, tree, { writable: [tree], readable: [], profile: "gates" });
    const { exit } = startGroup({
      command: ["true"],
      cwd: tree,
      env: { PATH: process.env["PATH"] ?? "", ...own.env },
      enclose: own.enclose,
      input: "",
      logFile: "/dev/null",
      wallMsMax: 60_000,
      idleMsMax: null,
      signal: new AbortController().signal,
    });
    const { kind } = await exit;
    if (kind !== "exited") throw new Error(`true was ${kind}`);
  }
  return performance.now() - startedMs;
}
