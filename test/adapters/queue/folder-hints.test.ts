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
