/** What the agents of the tests do with their workspace, in a few words. */
import { readFileSync, writeFileSync } from "node:fs";

export const task = process.env["RALPH_TASK"] ?? "unknown";
export const attempt = Number(process.env["RALPH_ATTEMPT"]);
export const round = Number(process.env["RALPH_ROUND"]);

export const read = (file: string): string => readFileSync(file, "utf8");
export const write = (file: string, text: string): void => writeFileSync(file, text);

/** Good work: a module and a test of its own, so that tasks never touch the same file. */
export function addModule(name: string = task): void {
  write(`src/${name}.mjs`, `export const answer = "${name}";\n`);
  write(
    `test/${name}.test.mjs`,
    `import assert from "node:assert";
import { it } from "node:test";
import { answer } from "../src/${name}.mjs";

it("${name} answers", () => assert.equal(answer, "${name}"));
`,
  );
}

/** Bad work: a tested function gives the wrong answer. */
export function breakWords(): void {
  write("src/words.mjs", "export const words = () => [];\n");
}

export interface ClaimText {
  readonly status?: "complete" | "partial" | "blocked";
  readonly summary?: string;
  readonly learnings?: readonly string[];
  readonly question?: string;
}

/** In the plain manner a claim is a file. */
export function claim(text: ClaimText): void {
  const file = process.env["RALPH_CLAIM"] ?? "";
  writeFileSync(file, JSON.stringify({ type: "claim", status: "complete", summary: "Done.", ...text }));
}

/** The brief as it came on standard input; it is printed, so that a test finds it in the agent's log. */
export function hearBrief(): string {
  const brief = readFileSync(0, "utf8");
  process.stdout.write(brief);
  return brief;
}
