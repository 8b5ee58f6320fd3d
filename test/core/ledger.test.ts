/** Reserve, then commit: told as the journal of attempts, and checked on random histories. */
import { describe, expect, it } from "vitest";
import { commitSha, taskId } from "../../src/core/ids.ts";
import { hasLeft, holdOf, isAllHeld, reserve, spentOn } from "../../src/core/ledger.ts";
import {
  type AgentStop,
  type Amount,
  type LoopEvent,
  noUsage,
  type RunLimits,
  type Usage,
} from "../../src/core/message.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { transition } from "../../src/core/transition.ts";
import { type Complaints, counterexampleTo } from "./counterexample.ts";
import { type Entry, limitsOf, noRunLimits } from "./driver.ts";

const day = "2026-11-20";
const limits = limitsOf({ usdMax: 5, tokensMax: 1_000, turnsMax: 20, roundsMax: 1 });

function play(from: LoopState, ...events: readonly LoopEvent[]): LoopState {
  return events.reduce((state, event) => transition(state, event, { nowMs: 0 })[0], from);
}

const inRun = (of: Partial<RunLimits>): LoopState =>
  play(emptyState, { type: "run-started", run: "r", limits: { ...noRunLimits, ...of } });

const at = (task: string) => ({ task: taskId(task), attempt: 1 });

/** The agent of a task at work. */
function begin(state: LoopState, task: string, on = day): LoopState {
  const reserved = reserve(state, limits, on);
  return play(
    state,
    { type: "attempt-started", ...at(task), text: task, limits, reserved, day: on },
    { type: "workspace-prepared", ...at(task), base: commitSha("base") },
    { type: "baseline-checked", ...at(task), baseline: { kind: "green" } },
  );
}

const crash: AgentStop = { kind: "crashed", reason: "exit 1" };
const stopped = (task: string, usage: Usage, stop: AgentStop = crash): LoopEvent => ({
  type: "agent-stopped",
  ...at(task),
  stop,
  usage,
});
const told = (usd: number | null, tokens: number, turns: number): Usage => ({
  usd,
  inputTokens: tokens,
  outputTokens: 0,
  turns,
});
const untold = { ...noUsage, usd: null };
const interrupted = (task: string, commit: string | null): LoopEvent => ({
  type: "attempt-interrupted",
  ...at(task),
  reason: "why",
  commit: commit === null ? null : commitSha(commit),
});
const spent = ({ run }: LoopState) => [run?.usd, run?.tokens, run?.turns];

describe("An attempt reserves", () => {
  it("its own limit while run and day have more than that left", () => {
    expect(reserve(inRun({ usdMax: 50 }), limits, day)).toEqual({ usd: 5, tokens: 1_000, turns: 20 });
  });

  it("what is left of the run, less what open attempts hold", () => {
    const one = begin(inRun({ usdMax: 8, turnsMax: 30 }), "one");
    expect(reserve(one, limits, day)).toEqual({ usd: 3, tokens: 1_000, turns: 10 });
    const used = play(one, stopped("one", told(1, 10, 2)));
    expect(reserve(used, limits, day)).toEqual({ usd: 5, tokens: 1_000, turns: 20 });
  });

  it("what is left of the day, whichever run used it, and all of it again on the next", () => {
    const limited = { day: { usdMax: 6, tokensMax: null, turnsMax: null } };
    const first = play(
      begin(inRun(limited), "one"),
      stopped("one", told(4, 10, 2)),
      interrupted("one", null),
      { type: "workspace-released", ...at("one") },
      { type: "run-ended", outcome: { kind: "drained" } },
    );
    const second = play(first, {
      type: "run-started",
      run: "s",
      limits: { ...noRunLimits, ...limited },
    });
    expect(reserve(second, limits, day).usd).toBe(2);
    expect(reserve(second, limits, "2026-11-21").usd).toBe(5);
  });

  it("nothing where others hold all that is left", () => {
    const one = begin(inRun({ usdMax: 5 }), "one");
    expect(isAllHeld(one, day)).toBe(true);
    expect(isAllHeld(play(one, stopped("one", told(1, 1, 1))), day)).toBe(false);
  });
});

describe("What an agent used is committed", () => {
  it("as it told it, and the rest of its reservation is free again", () => {
    const state = play(begin(inRun({}), "one"), stopped("one", told(1.5, 70, 3)));
    expect(spent(state)).toEqual([1.5, 70, 3]);
    expect(spentOn(state, day)).toEqual({ usd: 1.5, tokens: 70, turns: 3 });
    expect(state.run?.usdUnknown).toBe(false);
  });

  it("as its whole reservation where it told no price, once for all its rounds", () => {
    const first = stopped("one", told(null, 70, 3), { kind: "handed-over", note: "go on" });
    const state = play(begin(inRun({ usdMax: 4 }), "one"), first);
    expect(spent(state)).toEqual([4, 70, 3]);
    const attempt = state.attempts.get(taskId("one"));
    expect(attempt !== undefined && hasLeft(state, attempt)).toBe(true);
    expect(spent(play(state, stopped("one", told(null, 30, 1))))).toEqual([4, 100, 4]);
  });

  it("as its whole reservation where it told nothing at all", () => {
    const state = play(begin(inRun({}), "one"), stopped("one", untold));
    expect(spent(state)).toEqual([5, 1_000, 20]);
    expect(state.run).toMatchObject({ usdUnknown: true, tokensUnknown: true });
  });

  it("as nothing where it did not reach its model, unless it left something", () => {
    const limited: AgentStop = { kind: "limited", resetsAtMs: 99, reason: "usage limit" };
    const state = play(begin(inRun({}), "one"), stopped("one", untold, limited));
    expect(spent(play(state, interrupted("one", null)))).toEqual([0, 0, 0]);
    expect(spent(play(state, interrupted("one", "work")))).toEqual([5, 1_000, 20]);
  });

  it("as its whole reservation where the supervisor was killed while it worked, and as told after that", () => {
    const working = begin(inRun({}), "one");
    expect(spent(play(working, interrupted("one", null)))).toEqual([5, 1_000, 20]);
    const sealed = play(
      working,
      stopped("one", told(1, 10, 1), { kind: "finished" }),
      interrupted("one", null),
    );
    expect(spent(sealed)).toEqual([1, 10, 1]);
    const prepared = play(inRun({}), {
      type: "attempt-started",
      ...at("one"),
      text: "one",
      limits,
      reserved: reserve(inRun({}), limits, day),
      day,
    });
    expect(spent(play(prepared, interrupted("one", null)))).toEqual([0, 0, 0]);
  });

  it("as its whole reservation where trouble with the machine cut it off", () => {
    const broken = { type: "command-failed", ...at("one"), command: "start-agent", reason: "disk" } as const;
    expect(spent(play(begin(inRun({}), "one"), broken))).toEqual([5, 1_000, 20]);
  });

  it("beyond its reservation where it used more", () => {
    const state = play(begin(inRun({}), "one"), stopped("one", told(7, 10, 1)));
    expect(spent(state)).toEqual([7, 10, 1]);
  });

  it("on the day on which the attempt started, whatever day it is when it ends", () => {
    const state = begin(begin(inRun({}), "one"), "two", "2026-11-21");
    const after = play(state, stopped("one", told(2, 10, 1)));
    expect([spentOn(after, day).usd, spentOn(after, "2026-11-21").usd]).toEqual([2, 0]);
  });
});

describe("A journal of an earlier version", () => {
  it("has attempts that reserved their limits, and count for no day", () => {
    const started = { type: "attempt-started", ...at("one"), text: "one", limits } as const;
    const state = play(inRun({}), started);
    expect(state.attempts.get(taskId("one"))?.account).toMatchObject({
      day: "",
      reserved: { usd: 5, tokens: 1_000, turns: 20 },
    });
  });

  it("has runs with fewer limits", () => {
    const state = play(emptyState, { type: "run-started", run: "r", limits: { failuresInARowMax: 5 } });
    expect(reserve(state, limits, day)).toEqual({ usd: 5, tokens: 1_000, turns: 20 });
  });
});

const keys = ["usd", "tokens", "turns"] as const;
const maxOf = { usd: "usdMax", tokens: "tokensMax", turns: "turnsMax" } as const;

describe("Whatever happens", () => {
  it("what is committed and held stays within each limit, but for what attempts used beyond their reservations", () => {
    expect(counterexampleTo(overdrafts)).toBeNull();
  });

  it("no attempt starts without something reserved of everything", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(
        ({ event }) =>
          event.type === "attempt-started" && keys.some((key) => (event.reserved?.[key] ?? 0) <= 0),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("the sums of a day are what a recount of the journal gives", () => {
    expect(counterexampleTo(wrongSums)).toBeNull();
  });
});

const overdrafts: Complaints = (entries, scenario) => {
  const over = new Map<string, { run: string; day: string; amount: Amount }>();
  return entries.filter(({ after }) => {
    const { run } = after;
    if (run === null) return false;
    for (const { task, number, account, goal } of after.attempts.values()) {
      if (goal === "give-up") continue;
      const amount = { ...account.committed };
      for (const key of keys) amount[key] = Math.max(0, amount[key] - account.reserved[key]);
      over.set(`${task}/${number}`, { run: run.id, day: account.day, amount });
    }
    const open = [...after.attempts.values()];
    return keys.some((key) => {
      const overOf = (isOf: (of: { run: string; day: string }) => boolean): number =>
        [...over.values()].filter(isOf).reduce((sum, { amount }) => sum + amount[key], 0);
      const heldBy = (holders: typeof open): number =>
        holders.reduce((sum, attempt) => sum + holdOf(attempt)[key], 0);
      const inRunMax = (scenario.limits[maxOf[key]] ?? Infinity) + overOf((of) => of.run === run.id) + 1e-6;
      const isOverRun = run[key] + heldBy(open) > inRunMax;
      const isOverDay = [...after.days].some(([on, amount]) => {
        const max = (scenario.limits.day[maxOf[key]] ?? Infinity) + overOf((of) => of.day === on) + 1e-6;
        return amount[key] + heldBy(open.filter(({ account }) => account.day === on)) > max;
      });
      return isOverRun || isOverDay;
    });
  });
};

const silent: ReadonlySet<string> = new Set(["not-started", "limited", "unreachable", "refused"]);
const starts: ReadonlySet<string> = new Set(["start-agent", "return-evidence", "hand-over"]);

interface Counted {
  readonly day: string;
  readonly reserved: Amount;
  used: Amount;
  isOwed: boolean;
  /** What counts as its whole reservation. */
  readonly worst: Set<string>;
}

/** From the events alone, attempt by attempt. */
function recount(entries: readonly Entry[]): readonly Counted[] {
  const counted = new Map<string, Counted>();
  for (const { event } of entries) {
    if (!("attempt" in event)) continue;
    const name = `${event.task}/${event.attempt}`;
    const of = counted.get(name);
    if (event.type === "attempt-started" && event.reserved !== undefined && event.day !== undefined) {
      const used = { usd: 0, tokens: 0, turns: 0 };
      counted.set(name, { day: event.day, reserved: event.reserved, used, isOwed: false, worst: new Set() });
    } else if (of !== undefined) countEvent(of, event);
  }
  return [...counted.values()];
}

function countEvent(of: Counted, event: LoopEvent): void {
  if (event.type === "agent-stopped") countUsage(of, event);
  const isCutOff = event.type === "command-failed" && starts.has(event.command);
  const isEnded = event.type === "attempt-interrupted" || event.type === "attempt-rejected";
  if (isCutOff || (isEnded && of.isOwed && event.commit !== null)) for (const key of keys) of.worst.add(key);
}

function countUsage(of: Counted, { usage, stop }: Extract<LoopEvent, { type: "agent-stopped" }>): void {
  const tokens = usage.inputTokens + usage.outputTokens;
  const more = { usd: usage.usd ?? 0, tokens, turns: usage.turns };
  const sum = (key: keyof Amount): number => of.used[key] + more[key];
  of.used = { usd: sum("usd"), tokens: sum("tokens"), turns: sum("turns") };
  const isNothing = usage.usd === null && tokens === 0 && usage.turns === 0;
  if (usage.usd === null && tokens === 0 && silent.has(stop.kind)) of.isOwed = true;
  else if (isNothing) for (const key of keys) of.worst.add(key);
  else if (usage.usd === null) of.worst.add("usd");
}

const wrongSums: Complaints = (entries) => {
  const counted = recount(entries);
  const days = entries.at(-1)?.after.days ?? new Map<string, Amount>();
  const costOf = ({ used, reserved, worst }: Counted, key: keyof Amount): number =>
    Math.max(used[key], worst.has(key) ? reserved[key] : 0);
  return [...days].filter(([on, amount]) =>
    keys.some((key) => {
      const ofDay = counted.filter((of) => of.day === on);
      return Math.abs(ofDay.reduce((sum, of) => sum + costOf(of, key), 0) - amount[key]) > 1e-6;
    }),
  );
};
