/** Usage limits, windows, a second agent and refused logins, as whole runs meet them. */
import { it } from "vitest";
import type { JournalRecord } from "../../src/ports.ts";
import { agentCommand, createWorld } from "../support/world.ts";

const limited = (limitMs: number) => ({
  kind: "command",
  command: `${agentCommand("meets-a-limit")} ${limitMs}`,
  protocol: "ralph-agent/1",
});
const hourMs = 3_600_000;

const startsIn = (records: readonly JournalRecord[]): number =>
  records.filter(({ event }) => event.type === "attempt-started").length;

const isLimited = ({ event }: JournalRecord): boolean =>
  event.type === "agent-stopped" && event.stop.kind === "limited";

it.concurrent("waits for a usage limit, lets one attempt ask, and then lands everything", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: ["one", "two", "three"],
    config: { agent: limited(1_000), concurrency: 3 },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed().toSorted()).toEqual(["Do one", "Do three", "Do two"]);
  expect(world.events("one")).not.toContain("rejected");
  const records = world.records();
  const afterLimits = records.slice(records.findLastIndex(isLimited));
  const answered = afterLimits.findIndex(({ event }) => event.type === "model-answered");
  expect(startsIn(afterLimits.slice(0, answered))).toBeLessThanOrEqual(1);
  expect(answered).toBeGreaterThan(0);
  expect(run.stderr).toContain("the agent waits for a usage limit, until");
  expect(run.stderr).toContain("the model answers again");
});

it.concurrent("goes on waiting after the supervisor was killed", async ({ expect }) => {
  await using world = await createWorld({ tasks: ["one", "two"], config: { agent: limited(hourMs) } });
  const killed = world.start();
  await killed.told("the agent waits for a usage limit");
  killed.kill("SIGKILL");
  await killed.done;
  const again = world.start();
  await again.told("Still waiting: the agent waits for a usage limit");
  await again.told("run started");
  again.kill("SIGTERM");
  const run = await again.done;
  expect(run.status).toBe(143);
  expect(startsIn(world.records())).toBe(1);
  expect(run.lines.at(-1)).toMatch(/^Still waiting: .*, until .*\(in 1 h.*\): 5-hour limit$/);
  expect(world.events("one")).not.toContain("rejected");
});

it.concurrent("lets a second agent take up tasks meanwhile, and says so in journal and trailer", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: ["one", "two"],
    config: { agent: { ...limited(hourMs), second: { command: agentCommand("lands-a-change") } } },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one", "Do two"]);
  const agents = world
    .records()
    .flatMap(({ event }) => (event.type === "attempt-started" ? [event.agent ?? "main"] : []));
  expect(agents).toEqual(["main", "second", "second"]);
  expect(world.repository.git("log", "-1", "--format=%B")).toContain("Agent: command lands-a-change");
});

it.concurrent("lands the work of an agent whose output is full of words about limits", async ({ expect }) => {
  await using world = await createWorld({ agent: "talks-of-limits" });
  const run = await world.run();
  expect([run.status, world.landed()]).toEqual([0, ["Do one"]]);
  expect(world.records().some(isLimited)).toBe(false);
});

it.concurrent("stops everything at once when a login is refused, and says what to do", async ({ expect }) => {
  await using world = await createWorld({
    agent: { one: "is-refused", two: "hangs", three: "hangs" },
    tasks: ["one", "two", "three"],
    config: { limits: { attempts: 1, rounds: 0 }, concurrency: 3 },
  });
  const run = await world.run();
  expect(run.status).toBe(6);
  expect(run.lines.at(-1)).toBe(
    "Nothing more can start: the agent was refused: Error: the login has expired; log in again or mend the billing, then start anew: no attempt was counted. See: ralphwright log",
  );
  expect(world.events("two")).not.toContain("rejected");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("starts nothing outside its windows, and says until when", async ({ expect }) => {
  const hour = new Date().getUTCHours();
  const at = (ahead: number): string => `${String((hour + ahead) % 24).padStart(2, "0")}:00`;
  await using world = await createWorld({
    config: { limits: { attempts: 1, rounds: 0, window: `${at(3)}-${at(5)}` } },
  });
  const waiting = world.start({ env: { TZ: "UTC" } });
  await waiting.told("outside limits.window: nothing new starts before");
  waiting.kill("SIGTERM");
  const run = await waiting.done;
  expect(run.status).toBe(143);
  expect(startsIn(world.records())).toBe(0);
  expect(run.lines.at(-1)).toContain(`nothing new starts before`);
});

it.concurrent("works within its windows", async ({ expect }) => {
  const hour = new Date().getUTCHours();
  const at = (ahead: number): string => `${String((hour + ahead) % 24).padStart(2, "0")}:00`;
  await using world = await createWorld({
    config: { limits: { attempts: 1, rounds: 0, window: [`${at(10)}-${at(11)}`, `${at(23)}-${at(3)}`] } },
  });
  const run = await world.run({ env: { TZ: "UTC" } });
  expect(run.status).toBe(0);
});

it.concurrent("ends an agent that prints more than it may", async ({ expect }) => {
  await using world = await createWorld({
    agent: "floods-stdout",
    config: { limits: { attempts: 1, rounds: 0, attempt: { output: "1MiB" } } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toContain(
    "agent over-budget: the agent printed too much (limits.attempt.output)",
  );
});

it.concurrent("gives a task up after two attempts in a row that brought nothing new", async ({ expect }) => {
  await using world = await createWorld({
    agent: {
      idle: "changes-nothing",
      circle: "breaks-a-test,breaks-the-style,breaks-a-test,breaks-the-style",
    },
    tasks: ["idle", "circle", "fine", "good", "well"],
    config: { limits: { attempts: 6, rounds: 0 } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  const attemptsAt = (task: string): number => world.events(task).match(/^attempt /gm)?.length ?? 0;
  expect([attemptsAt("idle"), attemptsAt("circle")]).toEqual([2, 4]);
  expect(world.events("idle")).toContain("blocked: 2 attempts in a row brought nothing new");
  expect(world.onTarget("tasks/idle.md")).toContain("2 attempts in a row brought nothing new");
  expect(world.landed().filter((subject) => subject.startsWith("Do "))).toEqual([
    "Do fine",
    "Do good",
    "Do well",
  ]);
});
