/** When a model is seen to answer, and what exit codes say of one that does not. */
import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { openPlainSession } from "../../../src/adapters/agent/agent-plain.ts";
import { openProtocolSession } from "../../../src/adapters/agent/agent-protocol.ts";
import { agentOrder, uncontained } from "../../support/agent-order.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("answers");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programOf = (command: string) => ({
  label: "test",
  command,
  model: null,
  effort: null,
  names: [],
  ...uncontained,
});

/** How often it was told that the model answered, while an agent prints these messages. */
async function answersTo(...messages: readonly object[]): Promise<number> {
  let answers = 0;
  const order = { ...agentOrder(folder), onAnswer: () => void (answers += 1) };
  const lines = messages.map((message) => `echo '${JSON.stringify(message)}'`);
  const session = openProtocolSession(order, programOf(["read brief", ...lines, "exit 1"].join("\n")));
  await session.start();
  await session.close(false);
  return answers;
}

const turn = { type: "turn" };
const limit = { type: "limit", resets_at: "2026-11-20T22:00:00Z" };

describe("A model has answered", () => {
  it("when its agent tells usage, a tool or a second turn", async () => {
    expect(await answersTo(turn, { type: "usage", input_tokens: 1, output_tokens: 1 })).toBe(1);
    expect(await answersTo(turn, { type: "tool", name: "edit" })).toBe(1);
    expect(await answersTo(turn, turn)).toBe(1);
  });

  it("but not when a turn only begins, or ends in a limit or a refusal", async () => {
    expect(await answersTo({ type: "started" }, turn, { type: "busy" }, limit)).toBe(0);
    expect(await answersTo(turn, { type: "refused", reason: "401" })).toBe(0);
  });
});

describe("A limit", () => {
  it.each([
    ["without a date", {}],
    ["with a date that nobody can read", { resets_at: "tomorrow at noon" }],
  ])("%s is a limit all the same", async (_, date) => {
    const message = JSON.stringify({ type: "limit", ...date });
    const session = openProtocolSession(
      agentOrder(folder),
      programOf(`read brief; echo '${message}'; read x`),
    );
    expect((await session.start()).stop).toMatchObject({ kind: "limited", resetsAtMs: null });
    await session.close(false);
  });
});

describe("A plain agent that exits", () => {
  it.each([
    [75, { kind: "unreachable", reason: "the agent asks to be tried again later: quota" }],
    [77, { kind: "refused", reason: "the agent was refused: quota" }],
    [1, { kind: "crashed", reason: "the agent exited with 1: quota" }],
  ])("with %i says what it amounts to, whatever it printed", async (code, stop) => {
    const command = `echo 'usage limit reached, 429'; echo quota; exit ${code}`;
    expect((await openPlainSession(agentOrder(folder), programOf(command)).start()).stop).toEqual(stop);
  });
});
