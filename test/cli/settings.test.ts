import { expect, it } from "vitest";
import { settings, unknownVariables } from "../../src/cli/settings.ts";
import { parseConfig } from "../../src/formats/config.ts";

const config = parseConfig(
  "agent: { command: a, env: [RALPH_MINE] }\ngates: [{ name: g, run: r, env: [RALPH_GATE] }]",
  "f",
);

it("names a variable that looks like a setting and is none, with the nearest there is", () => {
  const told = unknownVariables(
    { RALPH_MAX_TASK: "5", RALPH_MAXUSD: "5", RALPH_ZZZZZZ: "", RALPH_Q: "1" },
    config,
  );
  expect(told).toEqual([
    "RALPH_MAX_TASK is set, and means nothing here; did you mean RALPH_MAX_TASKS?",
    "RALPH_MAXUSD is set, and means nothing here; did you mean RALPH_MAX_USD?",
    "RALPH_Q is set, and means nothing here",
  ]);
});

it("says nothing of settings, of what agents and gates are given, and of what a supervisor sets for them", () => {
  const given = ["STATE_DIR", "TASK", "ATTEMPT", "ROUND", "PROCESS", "BRIEF", "CLAIM", "REPORT", "GROUP"];
  const names = [...settings.map(({ variable }) => variable), ...given.map((name) => `RALPH_${name}`)];
  const own = ["RALPH_MINE", "RALPH_GATE", "PATH", "RALPHWRIGHT_PACKAGE"];
  const environment = Object.fromEntries([...names, ...own].map((name) => [name, "1"]));
  expect(unknownVariables(environment, config)).toEqual([]);
});
