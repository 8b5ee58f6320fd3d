/** Windows of local time, in zones that put their clocks forward and back. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const program = `
  import { localDay, nextWindowMs } from ${JSON.stringify(join(import.meta.dirname, "../../src/adapters/local-time.ts"))};
  const { windows, from, to, stepMs, asked } = JSON.parse(process.argv[1]);
  const clock = (ms) => { const at = new Date(ms); return at.getHours() * 60 + at.getMinutes(); };
  const isIn = (ms) => windows.some(({ fromMinute: a, toMinute: b }) => {
    const minutes = (b - a + 1440) % 1440;
    return (clock(ms) - a + 1440) % 1440 < minutes;
  });
  const wrong = [];
  for (let ms = from; ms < to; ms += stepMs) {
    const opens = nextWindowMs(windows, ms);
    if (isIn(ms)) { if (opens !== null) wrong.push([ms, opens, "open"]); continue; }
    if (opens === null || opens <= ms || !isIn(opens)) { wrong.push([ms, opens, "not open then"]); continue; }
    for (let at = Math.ceil((ms + 1) / 60000) * 60000; at < opens; at += 60000) if (isIn(at)) { wrong.push([ms, opens, "open before"]); break; }
  }
  console.log(JSON.stringify({ wrong: wrong.slice(0, 3), told: asked.map((ms) => new Date(nextWindowMs(windows, ms) ?? ms).toISOString()), days: asked.map((ms) => localDay(new Date(ms))) }));
`;

interface Question {
  readonly windows: readonly { readonly fromMinute: number; readonly toMinute: number }[];
  readonly from: string;
  readonly to: string;
  readonly asked?: readonly string[];
}

/** The zone is read when a process starts. */
function ask(zone: string, { windows, from, to, asked = [] }: Question): unknown {
  const question = {
    windows,
    from: Date.parse(from),
    to: Date.parse(to),
    stepMs: 7 * 60_000 + 13_000,
    asked: asked.map((time) => Date.parse(time)),
  };
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", program, JSON.stringify(question)],
    { encoding: "utf8", env: { ...process.env, TZ: zone } },
  );
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const window = (from: number, to: number) => ({ fromMinute: from * 60, toMinute: to * 60 });
const changes = [
  ["Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"],
  ["Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"],
  ["America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z"],
  ["America/New_York", "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T06:00:00Z", "2026-04-06T06:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T06:00:00Z", "2026-10-05T06:00:00Z"],
  ["Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-25T12:00:00Z"],
  ["Asia/Kathmandu", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"],
  ["UTC", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"],
] as const;

describe("The next window", () => {
  it.each(changes)(
    "is the first minute that the clock of %s shows within one, from %s on",
    (zone, from, to) => {
      for (const windows of [
        [window(22, 7)],
        [window(2.5, 3)],
        [window(1, 2), window(12, 13.5)],
        [window(0, 24 - 1 / 60)],
      ])
        expect(ask(zone, { windows, from, to })).toMatchObject({ wrong: [] });
    },
  );

  it("in an hour that the clock leaves out opens a day later, and one that begins in it when the clock goes on", () => {
    const night = {
      from: "2026-03-29T00:00:00Z",
      to: "2026-03-29T00:00:01Z",
      asked: ["2026-03-28T23:00:00Z"],
    };
    expect(ask("Europe/Berlin", { ...night, windows: [window(2.25, 2.75)] })).toMatchObject({
      told: ["2026-03-30T00:15:00.000Z"],
    });
    expect(ask("Europe/Berlin", { ...night, windows: [window(2.5, 5)] })).toMatchObject({
      told: ["2026-03-29T01:00:00.000Z"],
    });
  });
});

it("A day is that of the local calendar", () => {
  const asked = ["2026-11-20T23:30:00Z", "2026-11-20T10:30:00Z"];
  const question = { windows: [], from: "2026-11-20T00:00:00Z", to: "2026-11-20T00:00:00Z", asked };
  expect(ask("Europe/Berlin", question)).toMatchObject({ days: ["2026-11-21", "2026-11-20"] });
  expect(ask("America/New_York", question)).toMatchObject({ days: ["2026-11-20", "2026-11-20"] });
});
