/** The snapshot of the state: exact, and void as soon as anything about it is odd. */
import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { replay } from "../../src/core/replay.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { formatSnapshot, parseSnapshot, stateVersion } from "../../src/formats/state-snapshot.ts";
import { drive, scenarios } from "../core/driver.ts";

const snapshotOf = (state: LoopState): string => formatSnapshot({ seq: 7, bytes: 70, crc: 700, state });

it("leads to the same state as the whole journal, wherever in a history it is taken", () => {
  fc.assert(
    fc.property(scenarios, fc.nat(), (scenario, place) => {
      const records = drive(structuredClone(scenario)).map(({ event, nowMs }) => ({ event, atMs: nowMs }));
      const at = place % (records.length + 1);
      const text = snapshotOf(replay(records.slice(0, at)));
      const state = parseSnapshot(text)?.state ?? emptyState;
      const resumed = replay(records.slice(at), state);
      deepStrictEqual(resumed, replay(records));
      // The order of maps and sets counts as well: what starts first depends on it.
      expect(snapshotOf(resumed)).toBe(snapshotOf(replay(records)));
    }),
    { numRuns: 500 },
  );
});

it("keeps what JSON has no word for", () => {
  const odd = {
    ...emptyState,
    notBeforeMs: Infinity,
    odd: [undefined, -0, Number.NaN, new Map([[new Set([1]), null]])],
  };
  deepStrictEqual(parseSnapshot(snapshotOf(odd))?.state, odd);
  const marked = { ...emptyState, $: 1 };
  expect(() => snapshotOf(marked)).toThrow("a field of the state is named $");
});

it("is void with any byte changed, cut off or added, and when another version wrote it", () => {
  const text = snapshotOf(emptyState);
  expect(parseSnapshot(text)).toEqual({ seq: 7, bytes: 70, crc: 700, state: emptyState });
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === "1" ? "2" : "1";
    expect(parseSnapshot(text.slice(0, at) + other + text.slice(at + 1)), `byte ${at}`).toBeNull();
    expect(parseSnapshot(text.slice(0, at)), `cut at ${at}`).toBeNull();
  }
  expect(parseSnapshot(`${text}\n`)).toBeNull();
});

it.each([
  ['"format":1,', '"format":2,'],
  [`"stateVersion":${stateVersion},`, `"stateVersion":${stateVersion + 1},`],
])("is void when it says %s and not %s, although it is whole", async (known, other) => {
  const { createHash } = await import("node:crypto");
  const body = snapshotOf(emptyState).slice('{"digest":"","snapshot":'.length + 64, -2);
  const sealed = (text: string): string =>
    `{"digest":"${createHash("sha256").update(text).digest("hex")}","snapshot":${text}}\n`;
  expect(parseSnapshot(sealed(body))).not.toBeNull();
  expect(parseSnapshot(sealed(body.replace(known, other)))).toBeNull();
});

/** Every field that a state can have, with what can be in it. */
function shapeOf(value: unknown, path: string): readonly string[] {
  if (value instanceof Map)
    return [`${path}{}`, ...[...value.values()].flatMap((item) => shapeOf(item, `${path}{}`))];
  if (value instanceof Set) return [`${path}<>`, ...[...value].flatMap((item) => shapeOf(item, `${path}<>`))];
  if (Array.isArray(value)) return [`${path}[]`, ...value.flatMap((item) => shapeOf(item, `${path}[]`))];
  if (typeof value !== "object" || value === null)
    return [`${path} ${value === null ? "null" : typeof value}`];
  return Object.entries(value).flatMap(([key, field]) => shapeOf(field, `${path}.${key}`));
}

it("has a version that stands for this shape of the state: raise `stateVersion` when this changes", () => {
  const shape = new Set<string>();
  for (const entries of fc.sample(scenarios, { numRuns: 800, seed: 7 }).map(drive))
    for (const { after } of entries) for (const line of shapeOf(after, "")) shape.add(line);
  expect({ stateVersion, shape: [...shape].toSorted() }).toMatchInlineSnapshot(`
    {
      "shape": [
        ".attempts{}",
        ".attempts{}.accepted null",
        ".attempts{}.accepted.base string",
        ".attempts{}.accepted.commit string",
        ".attempts{}.accepted.tree string",
        ".attempts{}.account.committed.tokens number",
        ".attempts{}.account.committed.turns number",
        ".attempts{}.account.committed.usd number",
        ".attempts{}.account.day string",
        ".attempts{}.account.isOwed boolean",
        ".attempts{}.account.reserved.tokens number",
        ".attempts{}.account.reserved.turns number",
        ".attempts{}.account.reserved.usd number",
        ".attempts{}.account.used.tokens number",
        ".attempts{}.account.used.turns number",
        ".attempts{}.account.used.usd number",
        ".attempts{}.agent string",
        ".attempts{}.base null",
        ".attempts{}.base string",
        ".attempts{}.candidate null",
        ".attempts{}.candidate.base string",
        ".attempts{}.candidate.commit string",
        ".attempts{}.candidate.tree string",
        ".attempts{}.change null",
        ".attempts{}.change string",
        ".attempts{}.goal string",
        ".attempts{}.handOffs number",
        ".attempts{}.held null",
        ".attempts{}.held.evidence null",
        ".attempts{}.held.kind string",
        ".attempts{}.held.reason string",
        ".attempts{}.isStale boolean",
        ".attempts{}.limits.attemptsMax number",
        ".attempts{}.limits.idleMsMax number",
        ".attempts{}.limits.roundsMax number",
        ".attempts{}.limits.tokensMax number",
        ".attempts{}.limits.turnsMax number",
        ".attempts{}.limits.usdMax number",
        ".attempts{}.limits.wallMsMax number",
        ".attempts{}.moves number",
        ".attempts{}.number number",
        ".attempts{}.onto null",
        ".attempts{}.onto string",
        ".attempts{}.phase string",
        ".attempts{}.place number",
        ".attempts{}.rejection null",
        ".attempts{}.rejection.evidence null",
        ".attempts{}.rejection.kind string",
        ".attempts{}.rejection.reason string",
        ".attempts{}.round number",
        ".attempts{}.sinceMs number",
        ".attempts{}.task string",
        ".attempts{}.tree null",
        ".attempts{}.tree string",
        ".attempts{}.usd number",
        ".breakage[]",
        ".breakage[] boolean",
        ".configTrouble null",
        ".days{}",
        ".days{}.tokens number",
        ".days{}.turns number",
        ".days{}.usd number",
        ".failing[]",
        ".flaky<>",
        ".paused null",
        ".places number",
        ".records{}",
        ".records{}.failures[]",
        ".records{}.failures[].attempt number",
        ".records{}.failures[].commit null",
        ".records{}.failures[].commit string",
        ".records{}.failures[].evidence null",
        ".records{}.failures[].kind string",
        ".records{}.failures[].reason string",
        ".records{}.failures[].usd number",
        ".records{}.lastAttempt number",
        ".records{}.limits.attemptsMax number",
        ".records{}.limits.idleMsMax number",
        ".records{}.limits.roundsMax number",
        ".records{}.limits.tokensMax number",
        ".records{}.limits.turnsMax number",
        ".records{}.limits.usdMax number",
        ".records{}.limits.wallMsMax number",
        ".records{}.notBeforeMs number",
        ".records{}.text string",
        ".records{}.trees[]",
        ".records{}.trees[] string",
        ".run null",
        ".run.attempts number",
        ".run.blocked<>",
        ".run.blocked<> string",
        ".run.brokenAt<>",
        ".run.brokenAt<> string",
        ".run.failuresInARow number",
        ".run.id string",
        ".run.isDaemon boolean",
        ".run.judgingMax number",
        ".run.landed<>",
        ".run.landed<> string",
        ".run.limits.day.tokensMax null",
        ".run.limits.day.tokensMax number",
        ".run.limits.day.turnsMax null",
        ".run.limits.day.turnsMax number",
        ".run.limits.day.usdMax null",
        ".run.limits.day.usdMax number",
        ".run.limits.failuresInARowMax number",
        ".run.limits.tasksMax null",
        ".run.limits.tasksMax number",
        ".run.limits.tokensMax null",
        ".run.limits.tokensMax number",
        ".run.limits.turnsMax null",
        ".run.limits.turnsMax number",
        ".run.limits.untilMs null",
        ".run.limits.untilMs number",
        ".run.limits.usdMax null",
        ".run.limits.usdMax number",
        ".run.limits.wallMsMax null",
        ".run.limits.wallMsMax number",
        ".run.mode string",
        ".run.reviewed<>",
        ".run.reviewed<> string",
        ".run.startedMs number",
        ".run.tokens number",
        ".run.tokensUnknown boolean",
        ".run.tooLittle.tokens number",
        ".run.tooLittle.turns number",
        ".run.tooLittle.usd number",
        ".run.turns number",
        ".run.usd number",
        ".run.usdUnknown boolean",
        ".run.usedBefore.tasks number",
        ".run.usedBefore.tokens number",
        ".run.usedBefore.turns number",
        ".run.usedBefore.usd number",
        ".stopping null",
        ".stopping.how string",
        ".stopping.outcome.kind string",
        ".stopping.outcome.reason string",
        ".stopping.outcome.signal string",
        ".unrecorded{}",
        ".unrecorded{} string",
        ".waits{}",
        ".waits{}.kind string",
        ".waits{}.probe null",
        ".waits{}.probe.attempt number",
        ".waits{}.probe.task string",
        ".waits{}.reason string",
        ".waits{}.sinceMs number",
        ".waits{}.tries number",
        ".waits{}.untilMs number",
        ".windowOpensMs number",
      ],
      "stateVersion": 2,
    }
  `);
});
