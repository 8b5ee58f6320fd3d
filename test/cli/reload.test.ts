/** The configuration while a daemon runs: what holds, what waits for a restart, and what is no good. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { noSandbox } from "../../src/adapters/sandbox/containment.ts";
import { openProject } from "../../src/cli/compose.ts";
import { watchConfig } from "../../src/cli/reload.ts";
import type { ConfigSource, Ports, Reloaded } from "../../src/ports.ts";
import { createRepository, makeFolder, type TestRepository } from "../support/repository.ts";

const first = { agent: { command: "true" }, gates: [{ name: "check", run: "true" }] };

interface Place extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly source: ConfigSource;
  write(config: object | string): void;
}

async function open(): Promise<Place> {
  const repository = createRepository({ "ralph.config.yaml": JSON.stringify(first) });
  const state = makeFolder("state");
  process.env["RALPH_STATE_DIR"] = state;
  const project = await openProject(repository.path);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- none of them is asked for anything
  const ports = {} as Ports;
  const source = await watchConfig({ project, ports, sandbox: noSandbox });
  return {
    repository,
    source,
    write: (config) =>
      repository.write("ralph.config.yaml", typeof config === "string" ? config : JSON.stringify(config)),
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      project.git[Symbol.dispose]();
      repository[Symbol.dispose]();
      rmSync(state, { recursive: true });
    },
  };
}

/** What comes of it, once it is noticed. */
async function next(source: ConfigSource): Promise<Reloaded> {
  for (;;) {
    const found = await source.read();
    if (found !== null) return found;
    await source.changed(new AbortController().signal);
  }
}

it("names the keys that changed, and no values", async () => {
  await using place = await open();
  expect(await place.source.read()).toBeNull();
  place.write({ ...first, concurrency: 3, limits: { attempts: 7 } });
  const found = await next(place.source);
  expect(found).toMatchObject({ kind: "valid", changed: ["limits.attempts", "concurrency"], restart: [] });
  expect(found.kind === "valid" && found.config).toMatchObject({ concurrency: 3 });
});

it("keeps what needs a restart, and says so", async () => {
  await using place = await open();
  place.write({ ...first, target: "other", tasks: "elsewhere", concurrency: 2 });
  const found = await next(place.source);
  expect(found).toMatchObject({ changed: ["target", "tasks", "concurrency"], restart: ["target", "tasks"] });
  expect(found.kind === "valid" && found.config).toMatchObject({
    target: "main",
    tasks: "tasks",
    concurrency: 2,
  });
});

it("says of what is put back as it was at the start that nothing is to come", async () => {
  await using place = await open();
  place.write({ ...first, target: "other", concurrency: 2 });
  expect(await next(place.source)).toMatchObject({ changed: ["target", "concurrency"], restart: ["target"] });
  place.write({ ...first, concurrency: 3 });
  expect(await next(place.source)).toMatchObject({ changed: ["concurrency"], restart: [] });
  place.write({ ...first, target: "other", concurrency: 3 });
  await next(place.source);
  place.write({ ...first, concurrency: 3 });
  expect(await next(place.source)).toMatchObject({ kind: "valid", changed: [], restart: [] });
});

it("refuses what is invalid, with its place, and takes the good one back", async () => {
  await using place = await open();
  place.write("gates: [}\n");
  const refused = await next(place.source);
  expect(refused.kind === "invalid" && refused.reason).toContain("ralph.config.yaml:1:");
  place.write(first);
  expect(await next(place.source)).toMatchObject({ kind: "valid", changed: [], restart: [] });
});

it("refuses a configuration without an agent", async () => {
  await using place = await open();
  place.write({ ...first, agent: { kind: "command" } });
  expect(await next(place.source)).toMatchObject({ kind: "invalid" });
});

it("takes no configuration from another branch that a person checks out", async () => {
  await using place = await open();
  const { repository, source } = place;
  repository.git("checkout", "-q", "-b", "other");
  repository.commit("Judge less", { "ralph.config.yaml": JSON.stringify({ ...first, concurrency: 4 }) });
  repository.git("checkout", "-q", "main");
  await source.read();
  repository.git("checkout", "-q", "other");
  const refused = await next(source);
  expect(refused.kind === "invalid" && refused.reason).toMatch(/another branch: main is not checked out/);
  repository.git("checkout", "-q", "main");
  expect(await next(source)).toMatchObject({ kind: "valid", changed: [], restart: [] });
});

it.each([
  ["a pipe, which nobody ever writes to", (path: string) => execFileSync("mkfifo", [path])],
  ["a folder", (path: string) => mkdirSync(path)],
])("goes on when the file is replaced by %s", async (_, replace) => {
  await using place = await open();
  const path = join(place.repository.path, "ralph.config.yaml");
  rmSync(path);
  replace(path);
  expect(await next(place.source)).toMatchObject({ kind: "invalid" });
  rmSync(path, { recursive: true });
  place.write({ ...first, concurrency: 2 });
  expect(await next(place.source)).toMatchObject({ kind: "valid", changed: ["concurrency"] });
});
