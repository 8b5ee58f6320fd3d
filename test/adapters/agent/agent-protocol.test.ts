/** A session over ralph-agent/1 with real agents: what is heard, when they may run, and how they leave. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openProtocolSession } from "../../../src/adapters/agent/agent-protocol.ts";
import type { AgentOrder, AgentSession } from "../../../src/ports.ts";
import { hasMemory, makeFolder } from "../../support/repository.ts";
import { agentOrder, uncontained } from "../../support/agent-order.ts";

const folder = makeFolder("protocol");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const claimLine = `{"type":"claim","status":"complete","summary":"Done."}`;
const claimed = { kind: "claimed", claim: expect.objectContaining({ summary: "Done." }) };

/** The script is run by bash; `claim` claims, `say` prints a message. */
function open(script: string, limits: Partial<AgentOrder["limits"]> = {}): AgentSession {
  const words = `say() { printf '%s\\n' "$1"; }; claim() { say '${claimLine}'; }`;
  const program = {
    ...uncontained,
    label: "test",
    command: `${words}\n${script}`,
    model: null,
    effort: null,
    names: [],
  };
  return openProtocolSession(agentOrder(folder, limits), program);
}

const workspaceFile = (name: string): string => readFileSync(join(folder, name), "utf8");

it("lets nothing of the agent run from its claim to its verdict", async () => {
  const session = open("read brief; echo $$ > pid; claim; while true; do echo x >> writes; done");
  expect((await session.start()).stop).toEqual(claimed);
  const pid = Number(workspaceFile("pid"));
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^State:\s+T/m);
  await session.close(false);
  expect(hasMemory(pid)).toBe(false);
});

it("lets an agent whose work landed hear so, and close by itself", async () => {
  const session = open('read brief; claim; read verdict; echo "$verdict" > heard');
  await session.start();
  await session.close(true);
  expect(JSON.parse(workspaceFile("heard"))).toEqual({
    type: "verdict",
    accepted: true,
    round: 0,
    evidence: "",
  });
});

it("gives the evidence to a new process when the agent leaves without an answer to the verdict", async () => {
  // It waits for a line, so that it is alive when the verdict is written, and then only exits.
  const leaves = `read brief; echo "$brief" > brief-$RALPH_ROUND; claim; read verdict; say '{"type":"end"}'; exit 0`;
  const session = open(leaves);
  await session.start();
  expect((await session.returnEvidence(1, "Two tests are red.")).stop).toEqual(claimed);
  expect(workspaceFile("brief-1")).toContain("Two tests are red.");
  await session.close(false);
});

it("gives the evidence to a new process when the agent had left before the verdict", async () => {
  const session = open("read brief; claim; exit 0");
  await session.start();
  // Closing waits for its end, however slow.
  await session.close(true);
  expect((await session.returnEvidence(1, "Red.")).stop).toEqual(claimed);
  await session.close(false);
});

it("tells a break-down when the agent heard the verdict and left, or failed", async () => {
  const answers = open(`read brief; claim; read verdict; say '{"type":"turn"}'; exit 0`);
  await answers.start();
  expect((await answers.returnEvidence(1, "Red.")).stop).toEqual({
    kind: "crashed",
    reason: "the agent exited without a claim",
  });
  const fails = open(`read brief; claim; read verdict; echo 'Error: no context' >&2; exit 3`);
  await fails.start();
  expect((await fails.returnEvidence(1, "Red.")).stop).toEqual({
    kind: "crashed",
    reason: "the agent exited with 3: Error: no context",
  });
});

it("tells how the agent ended when it ended before anybody gave it the evidence", async () => {
  const session = open("read brief; claim; exec sleep 600");
  await session.start();
  await session.close(false);
  expect((await session.returnEvidence(1, "Red.")).stop).toEqual({ kind: "stopped" });
});

it("tells a limit that was said in one breath with the claim when the verdict is red", async () => {
  const limit = `{"type":"limit","resets_at":"2030-01-01T00:00:00Z"}`;
  const session = open(`read brief; printf '%s\\n%s\\n' '${claimLine}' '${limit}'; read verdict`);
  expect((await session.start()).stop).toEqual(claimed);
  expect((await session.returnEvidence(1, "Red.")).stop).toMatchObject({
    kind: "limited",
    resetsAtMs: Date.parse("2030-01-01T00:00:00Z"),
  });
  await session.close(false);
});

it("does not know a price before the agent tells one, and adds up what it tells", async () => {
  const usage = `{"type":"usage","input_tokens":1,"output_tokens":2,"usd":0.5}`;
  const session = open(
    `read brief; claim; read verdict; say '${usage}'; say '${usage}'; claim; read verdict; claim; read verdict`,
  );
  const none = { inputTokens: 0, outputTokens: 0, turns: 0 };
  expect((await session.start()).usage).toEqual({ ...none, usd: null });
  expect((await session.returnEvidence(1, "Red.")).usage).toEqual({
    ...none,
    usd: 1,
    inputTokens: 2,
    outputTokens: 4,
  });
  expect((await session.returnEvidence(2, "Red.")).usage).toEqual({ ...none, usd: 0 });
  await session.close(false);
});

it("counts what every process of a session spends", async () => {
  const usage = `{"type":"usage","input_tokens":1,"output_tokens":2,"usd":0.5}`;
  const session = open(`read brief; say '${usage}'; claim; read verdict; exit 0`, { usdMax: 0.75 });
  expect((await session.start()).stop).toEqual(claimed);
  expect((await session.returnEvidence(1, "Red.")).stop).toMatchObject({ kind: "over-budget" });
  await session.close(false);
});

it("hands over to a fresh process, with the note, and with what is left of the time", async () => {
  const handoff = `{"type":"handoff","note":"the tests are missing"}`;
  const session = open(
    `read brief; echo "$brief" > "brief-$RALPH_PROCESS"; sleep 0.1; say '${handoff}'; read rest`,
  );
  expect((await session.start()).stop).toEqual({ kind: "handed-over", note: "the tests are missing" });
  await session.handOver(0, "Note: the tests are missing");
  const [first, second] = [0, 1].map((n) => JSON.parse(workspaceFile(`brief-${n}`)));
  expect(second.text).toContain("Note: the tests are missing");
  expect(second.limits.wall_ms).toBeLessThan(first.limits.wall_ms - 50);
  await session.close(false);
});

it.each([
  ["unclaimed", { kind: "finished" }],
  ["stuck", { kind: "stuck", reason: "in circles" }],
  ["declined", { kind: "declined", reason: "in circles" }],
  ["unreachable", { kind: "unreachable", reason: "in circles" }],
  ["limit", { kind: "over-budget", reason: "the agent stopped at a limit: in circles", of: "unsaid" }],
])("believes an agent why it ended: %s", async (status, stop) => {
  const session = open(`read brief; say '{"type":"end","status":"${status}","reason":"in circles"}'`);
  expect((await session.start()).stop).toEqual(stop);
  await session.close(false);
});
