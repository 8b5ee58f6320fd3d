/** The real Claude Code in the whole loop: `ralphwright run` over a queue, with the scripted server in the model's place. */
import { rmSync } from "node:fs";
import { afterAll, expect, inject, it } from "vitest";
import { type ScriptedAnswer, type SeenRequest, startModelServer } from "../support/model-server.ts";
import { makeFolder } from "../support/repository.ts";
import { createWorld } from "../support/world.ts";

const config = makeFolder("claude-run-config");
afterAll(() => rmSync(config, { recursive: true, force: true }));

const usage = { input_tokens: 1_000, output_tokens: 100 };
const text = (words: string): ScriptedAnswer => ({ content: [{ type: "text", text: words }], usage });
const bash = (command: string): ScriptedAnswer => ({
  content: [{ type: "tool_use", name: "Bash", input: { command } }],
  usage,
});

/** What the model does next is told by what it has been told. */
function answer({ text: told }: SeenRequest): ScriptedAnswer {
  const task = /Your task: Do (\w+)/.exec(told)?.[1] ?? "";
  const isDone = (mark: string): boolean => told.includes(mark);
  if (task !== "two") return isDone(`made ${task}`) ? text(`Made ${task}.`) : bash(make(task));
  // The second task breaks a test, says that it has not, and mends it when the verdict comes back.
  if (!isDone("broke it"))
    return bash(`echo 'export const words = () => [];' > src/words.mjs; echo "broke it"`);
  if (!isDone("was judged and rejected")) return text("All tests pass.");
  if (!isDone("made two")) return bash(`git checkout -q src/words.mjs; ${make("two")}`);
  return text("Mended, and made two.");
}

const make = (task: string): string =>
  `echo 'export const ${task} = 1;' > src/${task}.mjs; echo "made ${task}"`;

it("lands a queue of three tasks, one of them after a red round in the resumed session", async () => {
  await using server = await startModelServer(answer);
  await using world = await createWorld({
    tasks: ["one", "two", "three"],
    config: {
      agent: { kind: "claude", command: [inject("claude")], model: "claude-sonnet-5-5" },
      limits: { attempts: 1, rounds: 1 },
      sandbox: "off",
    },
  });
  const run = await world.run({
    env: {
      ANTHROPIC_BASE_URL: server.url,
      ANTHROPIC_API_KEY: "sk-canary-0123456789abcdef",
      CLAUDE_CONFIG_DIR: config,
    },
  });
  expect(run.status).toBe(0);
  expect(world.landed()).toHaveLength(3);
  expect(world.events("two")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed"
  `);
  expect(world.redCommits()).toEqual([]);
  expect(world.leftovers()).toEqual([]);
  const trailers = world.repository.git(
    "log",
    "--format=%(trailers:key=Agent,key=Cost-USD,valueonly,separator=%x20)",
    "-3",
    "main",
  );
  expect(trailers.split("\n")[0]).toMatch(/^claude claude-sonnet-5-5 0\.\d\d$/);
});
