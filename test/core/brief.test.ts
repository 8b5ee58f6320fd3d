import { describe, expect, it } from "vitest";
import type { AgentConfig } from "../../src/core/config.ts";
import { type BriefParts, claimManner, renderBrief, renderHandOff } from "../../src/core/brief.ts";
import { limitsOf, taskOf } from "./driver.ts";

const agentConfig: AgentConfig = {
  kind: "builtin",
  command: null,
  protocol: "plain",
  recordings: null,
  model: null,
  effort: null,
  provider: "anthropic",
  baseUrl: null,
  keyHeader: "bearer",
  models: {},
  env: [],
};

const gate = {
  name: "tests",
  run: "npm test",
  timeoutMs: 1,
  report: null,
  redBaseline: "hold" as const,
  reportFile: null,
  env: [],
  optional: false,
};
const parts = (edits: Partial<BriefParts> = {}): BriefParts => ({
  task: taskOf("0007-limit", {
    title: "Limit the rate",
    body: "Add a bucket.\n\n## Acceptance\n\n- Bursts wait.",
  }),
  gates: [gate],
  limits: limitsOf(),
  progress: { file: "PROGRESS.md", briefTokensMax: 2_000 },
  conventions: [],
  specs: [],
  learnings: [],
  past: [],
  evidence: null,
  protect: ["ralph.config.yaml"],
  claim: "file",
  ...edits,
});

const render = (given: BriefParts): string => renderBrief(given).text;

describe("A brief", () => {
  it("names as its context what comes before the task", () => {
    const { text, context } = renderBrief(parts({ specs: [{ path: "specs/a.md", text: "# A\n\nTrue." }] }));
    expect(text.startsWith(context)).toBe(true);
    expect(context).toContain("specs/a.md");
    expect(context).not.toContain("Limit the rate");
  });

  it("says how this agent claims: by its tool, a file or a message", () => {
    expect(render(parts({ claim: "tool" }))).toContain("- tests: `npm test`");
    expect(render(parts({ claim: "tool" }))).not.toContain("RALPH_CLAIM");
    expect(render(parts({ claim: "file" }))).toContain("$RALPH_CLAIM");
    expect(render(parts({ claim: "message" }))).not.toContain("RALPH_CLAIM");
  });

  it("begins with the same text for every task of a project, so that a prompt cache serves them all", () => {
    const shared = { conventions: [{ path: "AGENTS.md", text: "Tests first." }] };
    const one = render(parts(shared));
    const other = render(parts({ ...shared, task: taskOf("other", { title: "Other", body: "Else." }) }));
    const common = Array.from(one).findIndex((character, i) => character !== other.charAt(i));
    expect(one.slice(0, common)).toContain("Tests first.");
    expect(one.slice(0, common)).toContain("`npm test`");
    expect(one.slice(common)).toContain("Add a bucket.");
  });

  it("says what was tried before, why it was rejected, and where the work is", () => {
    const failed = {
      attempt: 2,
      kind: "red",
      reason: "gate tests is red",
      evidence: null,
      commit: null,
      usd: 0,
    } as const;
    const text = render(parts({ past: [failed], evidence: "the log of the first error" }));
    expect(text).toContain("- Attempt 2 (red): gate tests is red.");
    expect(text).toContain("the log of the first error");
    expect(render(parts())).not.toContain("What was tried before");
  });

  it("holds the specs a task names in full, and otherwise all by title and first line", () => {
    const specs = [
      { path: "specs/rate.md", text: "# Rate\n\nTen a second.\n\nMore of it." },
      { path: "specs/log.md", text: "# Log\n\nOne line each." },
    ];
    const named = render(parts({ specs, task: taskOf("a", { specs: ["specs/rate.md"] }) }));
    expect(named).toContain("More of it.");
    expect(named).not.toContain("One line each.");
    const listed = render(parts({ specs }));
    expect(listed).toContain("- specs/rate.md: Rate — Ten a second.\n- specs/log.md: Log — One line each.");
    expect(listed).not.toContain("More of it.");
  });

  it("names a spec that is too long instead of cutting it", () => {
    const specs = [{ path: "specs/long.md", text: `# Long\n\nBegins here.\n${"x".repeat(200_000)}` }];
    const text = render(parts({ specs, task: taskOf("a", { specs: ["specs/long.md"] }) }));
    expect(text).toContain("Long — Begins here. (long: read the file)");
    expect(text.length).toBeLessThan(10_000);
  });

  it("keeps learnings within their tokens", () => {
    const learnings = Array.from({ length: 900 }, (_, i) => {
      return { id: `L-${i}`, task: "t", date: "2026-11-20", text: `A learning about limits, number ${i}.` };
    });
    const text = render(parts({ learnings, progress: { file: "PROGRESS.md", briefTokensMax: 300 } }));
    const section = text.slice(text.indexOf("# Learnings"), text.indexOf("# Your task"));
    expect(section.length).toBeLessThan(300 * 4 + 1_000);
    expect(section).toContain("L-899");
  });
});

it("Each kind of agent is told the manner of claiming that it has", () => {
  const manner = (
    kind: "builtin" | "claude" | "command" | "replay",
    protocol: "plain" | "ralph-agent/1" = "plain",
  ) => claimManner({ ...agentConfig, kind, protocol });
  expect([manner("builtin"), manner("replay"), manner("claude")]).toEqual(["tool", "tool", "file"]);
  expect([manner("command"), manner("command", "ralph-agent/1")]).toEqual(["file", "message"]);
});

it("A hand-off tells the note, and the last red verdict where there was one", () => {
  expect(renderHandOff("Go on with the tests.\n", null)).toContain("Go on with the tests.");
  expect(renderHandOff("Go on.", "gate tests is red")).toMatch(/Go on\.[^]*gate tests is red/);
});
