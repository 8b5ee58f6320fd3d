/** Hints about a folder: none may be missed, also not while the watcher begins. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { watchPath } from "../../../src/adapters/queue/folder-hints.ts";
import { makeFolder } from "../../support/repository.ts";

const never = new AbortController().signal;

it("says once it is ready that anything may have changed, and again until somebody takes it", async () => {
  const folder = makeFolder("hints");
  await using hints = watchPath(folder);
  expect(hints.take()).toBeNull();
  // Nothing changes here: the hint is that of the watcher itself.
  await hints.wait(never);
  await hints.wait(never);
  expect(hints.take()).toBeNull();
  expect(hints.take()).toEqual(new Set());
  rmSync(folder, { recursive: true });
});

it("names the paths that changed, and is silent about them once they are taken", async () => {
  const folder = makeFolder("hints");
  await using hints = watchPath(folder);
  await hints.wait(never);
  hints.take();
  writeFileSync(join(folder, "a b.md"), "1\n");
  await hints.wait(never);
  expect(hints.take()).toEqual(new Set([join(folder, "a b.md")]));
  const controller = new AbortController();
  controller.abort();
  await hints.wait(controller.signal);
  rmSync(folder, { recursive: true });
});

it("has everything read now and then, also for who is woken by others all the time", async () => {
  const folder = makeFolder("hints");
  await using hints = watchPath(folder, 400);
  await hints.wait(never);
  hints.take();
  const waitAWhile = async (): Promise<ReadonlySet<string> | null> => {
    await hints.wait(AbortSignal.timeout(50));
    return hints.take();
  };
  await expect.poll(waitAWhile, { interval: 0, timeout: 10_000 }).toBeNull();
  rmSync(folder, { recursive: true });
});
