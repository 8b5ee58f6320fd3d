import { describe, expect, it } from "vitest";
import { moneyText, moneyWarning } from "../../src/cli/money.ts";
import type { Config } from "../../src/core/config.ts";
import type { RunView } from "../../src/core/report.ts";
import { parseConfig } from "../../src/formats/config.ts";

const config = (text: string): Config =>
  parseConfig(`gates: [{ name: a, run: "true" }]\n${text}`, "ralph.config.yaml");
const run = (usd: number, usdUnknown: boolean): Pick<RunView, "usd" | "usdUnknown"> => ({ usd, usdUnknown });

describe("Money", () => {
  it("is warned of where people limit it and the agent never reports it", () => {
    const limited = "limits: { run: { usd: 20 } }\n";
    expect(moneyWarning(config(`${limited}agent: { command: claude }`))).toMatch(
      /^limits\.run\.usd: .* each attempt counts as 5\.00 USD/,
    );
    expect(
      moneyWarning(config("limits: { run: { usd: 9 }, day: { usd: 20 } }\nagent: { command: a }")),
    ).toMatch(/^limits\.run\.usd and limits\.day\.usd: /);
    expect(moneyWarning(config(`${limited}agent: { command: a, protocol: ralph-agent/1 }`))).toBeNull();
    expect(moneyWarning(config(`${limited}agent: { kind: replay, recordings: r }`))).toBeNull();
    expect(moneyWarning(config("agent: { command: claude }"))).toBeNull();
    expect(moneyWarning(config(`${limited}agent: { model: claude-opus-5-5 }`))).toBeNull();
    expect(moneyWarning(config(`${limited}agent: { model: my-model }`))).toContain(
      "the price of my-model is not known",
    );
  });

  it("is unknown rather than zero, and says as what it counts", () => {
    expect(moneyText(run(0, false), true)).toBe("price unknown");
    expect(moneyText(run(0, true), false)).toBe("price unknown");
    expect(moneyText(null, true)).toBe("price unknown");
    expect(moneyText(run(0, false), false)).toBe("0.00 USD");
    expect(moneyText(run(1.5, true), false)).toBe("price unknown, counted as 1.50 USD");
    expect(moneyText(run(1.5, false), false)).toBe("1.50 USD");
  });

  it("is told with its limit where there is one", () => {
    expect(moneyText(run(1.5, false), false, 20)).toBe("1.50 of 20.00 USD");
    expect(moneyText(run(1.5, true), false, 20)).toBe("price unknown, counted as 1.50 of 20.00 USD");
    expect(moneyText(run(0, false), true, 20)).toBe("price unknown, limit 20.00 USD");
  });
});
