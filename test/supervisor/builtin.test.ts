/** The built-in agent in the loop: a scripted model behind the real client, real tools, real git, real gates. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { mainProgram } from "../support/program.ts";
import { call, calls, done, say } from "../support/builtin-agent.ts";
import { type Answer, type Script, startModelServer } from "../support/model-server.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";

const sharedEnv = { ANTHROPIC_API_KEY: "sk-canary-0123456789abcdef" };
const source = 'export const words = (text) => text.split(" ").filter(Boolean);\n';
const rewrite = (content: string) =>
  calls([
    { name: "read", input: { path: "src/words.mjs" } },
    { name: "write", input: { path: "src/words.mjs", content } },
  ]);

async function runWith(
  script: Script,
  options: Omit<WorldOptions, "agent"> & { readonly settings?: object } = {},
  env: Readonly<Record<string, string>> = sharedEnv,
) {
  const server = await startModelServer(script);
  const { settings, config, ...rest } = options;
  const agent = { kind: "builtin", base_url: server.url, ...settings };
  const world = await createWorld({
    ...rest,
    // The model is a server of the test, on a loopback that is not the sandbox's.
    config: { limits: { attempts: 1, rounds: 1 }, sandbox: "off", ...config, agent },
  });
  const run = await world.run({ env });
  await server.close();
  return { world, run, requests: server.requests };
}

const good = rewrite(`${source}export const count = (text) => words(text).length;\n`);

describe("The built-in agent in the loop", () => {
  it("lands a task after a red round in the same context, and show tells the story", async () => {
    const { world, run, requests } = await runWith([
      rewrite("export const words = (text) => [text];\n"),
      done({ summary: "All tests pass." }),
      good,
      done({ summary: "Counts words.", learnings: ["words() drops empty parts."] }),
    ]);
    await using _world = world;
    expect(run.status).toBe(0);
    expect(world.events("one")).toMatchInlineSnapshot(`
      "attempt 1
      agent claimed complete
      sealed, changed
      red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
      agent claimed complete
      sealed, changed
      accepted by style tests
      landed L-0001"
    `);
    expect(requests[2]?.text).toContain("splits a text into words");
    expect(world.onTarget("PROGRESS.md")).toContain("words() drops empty parts.");
    expect(world.redCommits()).toEqual([]);
    expect(world.leftovers()).toEqual([]);
    expect(world.repository.git("log", "-1", "--format=%(trailers:key=Agent,valueonly)", "main").trim()).toBe(
      "builtin claude-sonnet-5-5",
    );
    expect(world.attemptFile("one", 1, "agent/trajectory.jsonl")).toContain('"type":"gate"');
    const shown = showTrajectory(world, "one");
    expect(shown).toContain("verdict   red; it went back");
    expect(shown).toContain("splits a text into words");
    expect(shown).toContain("verdict   accepted");
  });

  it("goes on in a fresh process when its context is used up, in the same workspace, with the note", async () => {
    const full = { usage: { input_tokens: 19_300, output_tokens: 10 } };
    const settings = { model: "small", models: { small: { context_tokens: 32_000 } } };
    const { world, run, requests } = await runWith(
      [{ ...good, ...full }, say("Done: count. Next: call done."), done({ summary: "Counts words." })],
      { settings },
    );
    await using _world = world;
    expect(run.status).toBe(0);
    expect(world.events("one")).toMatchInlineSnapshot(`
      "attempt 1
      agent handed-over
      agent claimed complete
      sealed, changed
      accepted by style tests
      landed"
    `);
    // A clean context: the brief again, and the note.
    expect(requests[2]?.body.messages).toHaveLength(1);
    expect(requests[2]?.text).toContain("Done: count. Next: call done.");
    expect(world.onTarget("src/words.mjs")).toContain("count");
    expect(world.attemptFile("one", 1, "agent/trajectory.jsonl").match(/"type":"meta"/g)).toHaveLength(2);
  });

  /** What a command sends to the model by itself, and what that costs. */
  const behind = (() => {
    const body = JSON.stringify({
      model: "claude-sonnet-5-5",
      max_tokens: 9,
      stream: true,
      messages: [{ role: "user", content: "behind its back" }],
    });
    const heads = "-H 'content-type: application/json' -H 'anthropic-version: 2026-10-21'";
    return {
      command: `curl -sS "$HTTP_PROXY/v1/messages" ${heads} -d '${body}'`,
      isIt: (text: string): boolean => text.includes('"content":"behind its back"}]'),
      answer: { ...say("Thank you."), usage: { input_tokens: 40_000, output_tokens: 20_000 } },
    };
  })();

  it("pays for what its commands ask the model behind its back, and is ended when that is too much", async () => {
    const { world, run, requests } = await runWith(
      ({ text }): Answer =>
        behind.isIt(text) ? behind.answer : call("bash", { command: `${behind.command} >answer; sleep 50` }),
      { config: { sandbox: "auto", limits: { attempts: 1, attempt: { tokens: 50_000 } } } },
    );
    await using _world = world;
    expect(run.status).toBe(1);
    // One of the agent's own, and one of its command's: with the true key, and paid for.
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(
      Array.from({ length: 2 }, () => `Bearer ${sharedEnv.ANTHROPIC_API_KEY}`),
    );
    expect(world.events("one")).toContain("over-budget");
    const status = await world.run({ command: "status", args: ["--json"] });
    // The request of the agent, which this server does not count, goes by its length.
    expect(JSON.parse(status.stdout)).toMatchObject({
      today: {
        tokens: expect.toSatisfy((tokens: number) => tokens > 60_000 && tokens < 65_000),
        usd: expect.closeTo(0.28, 1),
      },
    });
    expect(world.leftovers()).toEqual([]);
  });

  it("pays for what a command still asks when it claims", async () => {
    const command = `setsid ${behind.command} >/dev/null 2>&1 </dev/null & sleep 2`;
    let turns = 0;
    const { world } = await runWith(
      ({ text }): Answer => {
        if (behind.isIt(text)) return { fault: "silent", after: 2, answer: behind.answer };
        turns += 1;
        return turns === 1 ? call("bash", { command }) : turns === 2 ? good : done();
      },
      { config: { sandbox: "auto" } },
    );
    await using _world = world;
    const status = await world.run({ command: "status", args: ["--json"] });
    // Its prompt, and the little of its answer that had been written; beside what the agent itself asked, by its length.
    expect(JSON.parse(status.stdout)).toMatchObject({
      today: { tokens: expect.toSatisfy((tokens: number) => tokens >= 40_000 && tokens < 60_000) },
    });
    expect(world.leftovers()).toEqual([]);
  });

  it("pays for all that its deaf commands ask until its work is accepted", async () => {
    // In a session of its own: it goes on for as long as the agent may take to close.
    const loop = `trap "" TERM HUP; while :; do ${behind.command} >/dev/null 2>&1; sleep 0.1; done`;
    let turns = 0;
    const { world, run, requests } = await runWith(
      ({ text }): Answer => {
        if (behind.isIt(text)) return behind.answer;
        turns += 1;
        const command = `LOOP=$(cat <<'END'\n${loop}\nEND\n); setsid bash -c "$LOOP" </dev/null >/dev/null 2>&1 & sleep 2`;
        return turns === 1 ? call("bash", { command }) : turns === 2 ? good : done();
      },
      { config: { sandbox: "auto", limits: { attempts: 1, attempt: { usd: 100 } } } },
    );
    await using _world = world;
    expect(run.status).toBe(0);
    const asked = requests.filter(({ text }) => behind.isIt(text)).length;
    const { today } = JSON.parse((await world.run({ command: "status", args: ["--json"] })).stdout);
    expect(asked).toBeGreaterThan(2);
    // But for one that was broken off.
    expect(today.tokens).toBeGreaterThanOrEqual((asked - 1) * 60_000);
    expect(world.leftovers()).toEqual([]);
  });

  it("is rejected after three hand-offs, and the next attempt is told why", async () => {
    const full = {
      ...call("bash", { command: "date +%N > junk" }),
      usage: { input_tokens: 19_300, output_tokens: 1 },
    };
    const settings = { model: "small", models: { small: { context_tokens: 32_000 } } };
    const { world, run } = await runWith((_, i): Answer => (i % 2 === 0 ? full : say("Nearly there.")), {
      settings,
      config: { limits: { attempts: 1 } },
    });
    await using _world = world;
    expect(run.status).toBe(1);
    expect(world.events("one")).toMatchInlineSnapshot(`
      "attempt 1
      agent handed-over
      agent handed-over
      agent handed-over
      agent handed-over
      rejected: over-budget: the agent's context was used up 4 times: the task is too large for one attempt, kept
      giving up
      accepted by style tests
      blocked: the agent's context was used up 4 times: the task is too large for one attempt"
    `);
  });

  it("asks a question when a person must decide", async () => {
    const { world, run } = await runWith([done({ status: "blocked", question: "Which separator?" })]);
    await using _world = world;
    expect(run.status).toBe(1);
    expect(world.events("one")).toContain("Which separator?");
  });

  it("without a key ends the run with status 6, and spends no attempt", async () => {
    const { world, run } = await runWith([], { settings: { base_url: null } }, {});
    await using _world = world;
    expect(run.status).toBe(6);
    expect(run.lines.join("\n")).toContain("set ANTHROPIC_API_KEY");
    expect(world.records()).toEqual([]);
  });

  it("whose very first request is refused stops the run: no fresh attempt would fare better", async () => {
    const { world, run, requests } = await runWith(
      () => ({ fault: "status", status: 404, message: "Not found" }),
      {
        tasks: ["one", "two"],
        config: { limits: { attempts: 3 } },
      },
    );
    await using _world = world;
    expect([run.status, requests.length]).toEqual([6, 1]);
    expect(run.lines.join("\n")).toContain("refused the first request: 404");
    expect(world.landed()).toEqual([]);
  });

  it.each([
    ["a wrong key", 401],
    ["an account without credit", 402],
  ])("with %s ends the run with status 6 at once", async (_, code) => {
    const { world, run, requests } = await runWith([{ fault: "status", status: code }], {
      tasks: ["one", "two"],
    });
    await using _world = world;
    expect([run.status, requests.length]).toEqual([6, 1]);
    expect(world.kept()).toEqual([]);
  });

  it("that ends without a claim is judged all the same", async () => {
    const { world, run } = await runWith([good, say("Ready."), say("Ready.")]);
    await using _world = world;
    expect(run.status).toBe(0);
    expect(world.events("one")).toContain("agent finished");
  });

  it("that goes in circles, is declined or breaks its limits is rejected, with the reason", async () => {
    const refusal: Answer = {
      content: [],
      stop_reason: "refusal",
      stop_details: { type: "refusal", category: "bio" },
    };
    const scripts: readonly (readonly [Script, string, object])[] = [
      [() => call("bash", { command: "ls" }), "stuck: the agent repeated the same calls", {}],
      [[refusal], "declined: the model declined the work (bio)", {}],
      [
        (_: unknown, i: number) => call("bash", { command: `echo ${i}` }),
        "its 2 turns are used up",
        { turns: 2 },
      ],
    ];
    for (const [script, reason, attempt] of scripts) {
      const { world, run } = await runWith(script, { config: { limits: { attempts: 1, attempt } } });
      await using _world = world;
      expect(run.status).toBe(1);
      expect(world.events("one")).toContain(reason);
    }
  });

  it("keeps its key out of everything that is written, and out of the commands it runs", async () => {
    const { world, run } = await runWith(
      [
        call("bash", {
          command: "env > env.txt; cat /proc/self/environ | tr '\\0' '\\n' >> env.txt; cat env.txt",
        }),
        good,
        done({ summary: `Key ${sharedEnv.ANTHROPIC_API_KEY}.` }),
      ],
      // In a sandbox it would not have the key, and so would not know it when it sees it.
      { config: { limits: { attempts: 1 }, sandbox: "off" } },
    );
    await using _world = world;
    expect(run.status).toBe(0);
    expect(filesWith(world, sharedEnv.ANTHROPIC_API_KEY)).toEqual([]);
    expect(world.onTarget("env.txt")).not.toContain("ANTHROPIC");
    expect(world.repository.git("log", "-1", "--format=%B", "main")).not.toContain("canary");
  });
});

/** Standard output of `show --trajectory`. */
function showTrajectory(world: World, task: string): string {
  const env = { PATH: process.env["PATH"], HOME: world.state, RALPH_STATE_DIR: world.state };
  const args = [mainProgram, "show", task, "--trajectory"];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: world.repository.path,
    env,
    encoding: "utf8",
  });
  return stdout + stderr;
}

function filesWith(world: World, secret: string): readonly string[] {
  const found = spawnSync("grep", ["-rlF", secret, world.state, world.repository.path], { encoding: "utf8" });
  return found.stdout.split("\n").filter((line) => line !== "");
}
