/** How an agent is named in the trailer. */
import { expect, it } from "vitest";
import { createAgents } from "../../../src/adapters/agent/agents.ts";
import { noSandbox } from "../../../src/adapters/sandbox/containment.ts";
import { parseAgentConfig } from "../../../src/formats/config.ts";
import { agentOrder } from "../../support/agent-order.ts";

function labelOf(command: string | readonly string[], model: string | null = null): string {
  const agent = { ...parseAgentConfig({ command: "x" }), command, model };
  return createAgents({ agent, recordings: "", sandbox: noSandbox }).open(agentOrder("/none")).label;
}

it("names an agent by its program, or by the script that an interpreter runs", () => {
  expect(labelOf("/opt/my-agent --fast", "model-1")).toBe("command my-agent model-1");
  expect(labelOf(["node", "--no-warnings", "/opt/agent.ts", "--fast"])).toBe("command agent.ts");
  expect(labelOf("'/usr/bin/node' '/opt/agent.ts'")).toBe("command agent.ts");
  expect(labelOf("env MODE=x python3 agent.py")).toBe("command agent.py");
  expect(labelOf(["bash"])).toBe("command bash");
});

it("tells no more of a script than its first name, and no value of a variable", () => {
  expect(labelOf(["bash", "-c", "export API_KEY=canary/canary canary; claude"])).toBe("command export");
  expect(labelOf(`bash -c "export API_KEY=canary; claude"`)).toBe("command export");
  expect(labelOf(["sh", "-c", "claude;API_KEY=canary"])).toBe("command claude");
  expect(labelOf(["bash", "-c", "API_KEY=canary claude"])).toBe("command bash");
  expect(labelOf(`API_KEY="canary canary" claude -p`)).toBe("command claude");
  expect(labelOf("API_KEY=canary 'claude'")).toBe("command claude");
  expect(labelOf("x".repeat(60))).toBe(`command ${"x".repeat(40)}`);
});
