/** The order in which tasks start, and what keeps a task from starting. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitSha, taskId } from "../../src/core/ids.ts";
import { checkQueue, compareIds, resolveQueue, type Standing } from "../../src/core/queue.ts";
import type { Task } from "../../src/core/task.ts";
import { taskOf } from "./driver.ts";

const resolve = (...tasks: Task[]): Standing => resolveQueue(tasks, new Set());
const readyIds = (standing: Standing): readonly string[] => standing.ready.map((task) => task.id);
const waits = (standing: Standing): Record<string, unknown> => Object.fromEntries(standing.waiting);
const after = (id: string, ...dependsOn: string[]): Task => taskOf(id, { dependsOn: dependsOn.map(taskId) });

describe("The order of the queue", () => {
  it("is by priority, higher first, and then by id", () => {
    const standing = resolve(
      taskOf("c"),
      taskOf("b", { priority: -1 }),
      taskOf("z", { priority: 5 }),
      taskOf("a"),
    );
    expect(readyIds(standing)).toEqual(["z", "a", "c", "b"]);
  });

  it("takes the numbers in ids as numbers", () => {
    const standing = resolve(
      taskOf("10-a"),
      taskOf("2-b"),
      taskOf("2-a"),
      taskOf("fix-10"),
      taskOf("fix-9b"),
      taskOf("0003-x"),
    );
    expect(readyIds(standing)).toEqual(["2-a", "2-b", "0003-x", "10-a", "fix-9b", "fix-10"]);
  });

  it("is a total order, whatever the ids are", () => {
    const id = fc.string({ unit: fc.constantFrom("0", "1", "9", "a", "b", "-", "_", "."), maxLength: 5 });
    const isOrdered = fc.property(id, id, id, (a, b, c) => {
      const [first, second, third] = [a, b, c].toSorted(compareIds);
      expect(compareIds(first ?? "", third ?? "")).toBeLessThanOrEqual(0);
      expect(compareIds(third ?? "", second ?? "")).toBeGreaterThanOrEqual(0);
      expect(compareIds(a, b) === 0).toBe(a === b);
    });
    expect(fc.check(isOrdered, { numRuns: 5_000 }).counterexample).toBeNull();
  });
});

describe("A ready task", () => {
  it("waits for the first task it depends on that has not landed", () => {
    const standing = resolve(taskOf("a", { status: "landed" }), taskOf("b"), after("c", "a", "b"));
    expect(readyIds(standing)).toEqual(["b"]);
    expect(waits(standing)).toEqual({ c: { kind: "dependency", on: "b" } });
    expect([...standing.landed]).toEqual(["a"]);
  });

  it("is ready when all it depends on has landed in this run, whatever the files still say", () => {
    const landedNow = new Set([taskId("a"), taskId("gone")]);
    const standing = resolveQueue([taskOf("a"), after("b", "a", "gone")], landedNow);
    expect(readyIds(standing)).toEqual(["b"]);
    expect([...standing.landed]).toEqual(["a"]);
  });

  it("is stuck when it depends on a task that does not exist, and the rest of the queue runs", () => {
    const standing = resolve(taskOf("a"), after("b", "a", "nowhere"));
    expect(readyIds(standing)).toEqual(["a"]);
    expect(waits(standing)).toEqual({
      b: { kind: "stuck", reason: "depends_on names nowhere, and no task has that id" },
    });
  });

  it("waits for a blocked task or a draft", () => {
    const standing = resolve(
      taskOf("a", { status: "blocked" }),
      taskOf("b", { status: "draft" }),
      after("c", "a"),
      after("d", "b"),
    );
    expect(standing.blocked.map((task) => task.id)).toEqual(["a"]);
    expect(waits(standing)).toEqual({
      c: { kind: "dependency", on: "a" },
      d: { kind: "dependency", on: "b" },
    });
  });

  it("may name a dependency twice", () => {
    const standing = resolve(taskOf("a"), after("b", "a", "a"));
    expect(waits(standing)).toEqual({ b: { kind: "dependency", on: "a" } });
  });
});

describe("A circle of dependencies", () => {
  it("makes each of its tasks stuck and names the circle", () => {
    const standing = resolve(after("a", "b"), after("b", "c"), after("c", "a"), taskOf("d"));
    expect(readyIds(standing)).toEqual(["d"]);
    const reason = "depends_on goes in a circle: a → b → c → a";
    const stuck = { kind: "stuck", reason };
    expect(waits(standing)).toEqual({ a: stuck, b: stuck, c: stuck });
  });

  it("can be a task that depends on itself", () => {
    expect(waits(resolve(after("a", "a")))).toEqual({
      a: { kind: "stuck", reason: "depends_on goes in a circle: a → a" },
    });
  });

  it("leaves a task behind it waiting, for that one is not to blame", () => {
    const standing = resolve(after("a", "b"), after("b", "a"), after("c", "a"));
    expect(waits(standing)).toMatchObject({ b: { kind: "stuck" }, c: { kind: "dependency", on: "a" } });
  });

  it("is none when one of its tasks has landed", () => {
    const standing = resolve(taskOf("a", { status: "landed", dependsOn: [taskId("b")] }), after("b", "a"));
    expect(readyIds(standing)).toEqual(["b"]);
    expect(standing.waiting.size).toBe(0);
  });
});

describe("A blocked task", () => {
  const blocked = { attempt: 3, text: "as it was", why: "tests are red" };

  it("stays blocked while its text is the one that was given up", () => {
    const standing = resolve(taskOf("a", { status: "blocked", text: "as it was", blocked }));
    expect(standing.blocked.map((task) => task.id)).toEqual(["a"]);
    expect(standing.ready).toEqual([]);
  });

  it("is ready again once its text was edited", () => {
    const standing = resolve(taskOf("a", { status: "blocked", text: "as it is now", blocked }));
    expect(readyIds(standing)).toEqual(["a"]);
    expect(standing.blocked).toEqual([]);
  });
});

it("is worked out once for the same tasks, and anew as soon as one has landed or is in review", () => {
  const tasks = [taskOf("a"), after("b", "a")];
  const [none, landed] = [new Set<never>(), new Set([taskId("a")])];
  const standing = resolveQueue(tasks, none);
  expect(resolveQueue(tasks, none)).toBe(standing);
  expect(readyIds(resolveQueue(tasks, landed))).toEqual(["b"]);
  expect(readyIds(resolveQueue(tasks, none))).toEqual(["a"]);
  expect(readyIds(resolveQueue(tasks, none, new Map([[taskId("a"), "ralph/a"]])))).toEqual([]);
});

describe("A long queue", () => {
  const length = 10_000;

  it("is resolved along a chain of ten thousand tasks", () => {
    const chain = Array.from({ length }, (_, i) => (i === 0 ? taskOf("t0") : after(`t${i}`, `t${i - 1}`)));
    const standing = resolve(...chain);
    expect(readyIds(standing)).toEqual(["t0"]);
    expect(standing.waiting.size).toBe(length - 1);
    expect(standing.waiting.get(taskId("t9999"))).toEqual({ kind: "dependency", on: "t9998" });
  });

  it("is resolved when ten thousand tasks form one circle", () => {
    const circle = Array.from({ length }, (_, i) => after(`t${i}`, `t${(i + 1) % length}`));
    const kinds = new Set([...resolve(...circle).waiting.values()].map((waiting) => waiting.kind));
    expect([...kinds]).toEqual(["stuck"]);
  });
});

describe("A queue that is checked", () => {
  const known = {
    hasChecks: (name: string) => name === "sealed",
    gates: new Set(["tests"]),
    agent: "command",
    landed: new Map([[taskId("a"), commitSha("0123456789abcdef")]]),
  };
  const check = (...tasks: Task[]) => checkQueue({ tasks, problems: [] }, known);

  it("keeps every task that can run as it is written", () => {
    const tasks = [taskOf("b", { gates: ["tests"] }), taskOf("c")];
    expect(check(...tasks)).toEqual({ tasks, problems: [] });
  });

  it("takes out a task whose sealed checks are not there, or have no proof that runs them", () => {
    const { tasks, problems } = check(
      taskOf("d", { checks: "sealed", proof: ["true"] }),
      taskOf("b", { checks: "sealed" }),
      taskOf("c", { checks: "seald", proof: ["true"] }),
    );
    expect(tasks.map((task) => task.id)).toEqual(["d"]);
    expect(problems.map((problem) => problem.message)).toEqual([
      "checks are there for a proof: say under proof which commands run them",
      "checks names seald, and there is no such folder with files in checks_dir",
    ]);
  });

  it("takes out a task that names an unknown gate, and keeps the rest", () => {
    const { tasks, problems } = check(taskOf("b", { gates: ["tests", "e2e"] }), taskOf("c"));
    expect(tasks.map((task) => task.id)).toEqual(["c"]);
    expect(problems).toEqual([
      {
        file: "tasks/b.md",
        line: null,
        task: "b",
        message: "gates names e2e, and no gate of the configuration has that name",
      },
    ]);
  });

  it("takes out a task that names another agent than the configured one, and says which there is", () => {
    const { tasks, problems } = check(taskOf("b", { agent: "replay" }), taskOf("c", { agent: "command" }));
    expect(tasks.map((task) => task.id)).toEqual(["c"]);
    expect(problems.map((problem) => problem.message)).toEqual([
      "agent names replay, and the only agent here is command (agent.kind)",
    ]);
  });

  it("lets a task depend on one that has landed, even when its file was removed since", () => {
    const { tasks } = check(taskOf("b", { dependsOn: [taskId("a")] }));
    expect(tasks.map((task) => task.dependsOn)).toEqual([[]]);
  });

  it("takes out a ready task that has landed already, naming the commit and what to do", () => {
    const { tasks, problems } = check(taskOf("a"));
    expect(tasks).toEqual([]);
    expect(problems.map((problem) => problem.message)).toEqual([
      "a has landed as 0123456789; to have it done again: ralphwright task retry a",
    ]);
  });

  it("has nothing against drafts and landed tasks, whatever they name", () => {
    const tasks = [taskOf("a", { status: "landed" }), taskOf("b", { status: "draft", gates: ["e2e"] })];
    expect(check(...tasks)).toEqual({ tasks, problems: [] });
  });
});
