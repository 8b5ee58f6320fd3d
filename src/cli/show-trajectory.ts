/** `ralphwright show <task> --trajectory`: what the built-in agent said, did and was told, to be read by people. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RalphError } from "../errors.ts";
import { trajectoryName } from "../formats/agent-settings.ts";
import { parseTrajectory, type TrajectoryBlock, type TrajectoryRecord } from "../formats/trajectory.ts";
import { hang, print, printJson, style } from "./print.ts";

/** @param folders Of the attempts, the oldest first: attempt number, its folder, and how it ended. */
export async function showTrajectories(
  task: string,
  folders: ReadonlyMap<number, { readonly folder: string; readonly end: string }>,
  json: boolean,
): Promise<void> {
  const found: Found[] = [];
  for (const [attempt, { folder, end }] of folders) {
    const text = await readFile(join(folder, "agent", trajectoryName), "utf8").catch(() => null);
    if (text !== null) found.push({ attempt, end, records: parseTrajectory(text) });
  }
  if (found.length === 0)
    throw new RalphError("task-unknown", `no trajectory of ${task} is kept`, {
      hint: "The built-in agent writes them; what other agents print is in agent.log, in the attempt's folder.",
    });
  if (json) return printJson({ task, attempts: found });
  for (const each of found) printAttempt(each);
}

interface Found {
  readonly attempt: number;
  /** How the attempt ended, for the supervisor. */
  readonly end: string;
  readonly records: readonly TrajectoryRecord[];
}

function printAttempt({ attempt, end, records }: Found): void {
  print(style("bold", `Attempt ${attempt}`));
  const results = resultsOf(records);
  let turn = 0;
  for (const record of records) {
    if (record.type === "assistant") {
      turn += 1;
      printTurn(record, turn, results);
    } else printRecord(record);
  }
  if (end !== "") say("bold", "attempt", end);
  print();
}

/** Call → what came of it: each is shown under its call. */
function resultsOf(records: readonly TrajectoryRecord[]): ReadonlyMap<unknown, TrajectoryBlock> {
  const blocks = records.flatMap((record) => (record.type === "user" ? record.content : []));
  const results = blocks.filter(({ type }) => type === "tool_result");
  return new Map(results.map((block) => [block["tool_use_id"], block]));
}

type Answer = Extract<TrajectoryRecord, { type: "assistant" }>;

function printTurn(answer: Answer, turn: number, results: ReadonlyMap<unknown, TrajectoryBlock>): void {
  const { usd, usage, cacheHit, ms, stop_reason } = answer;
  const price = usd === null ? "price unknown" : `${usd.toFixed(4)} USD`;
  const tokens = "output_tokens" in usage ? `${String(usage.output_tokens)} tokens, ` : "";
  const ends = stop_reason === "tool_use" ? "" : `, ${stop_reason ?? "no end"}`;
  const facts = `${(ms / 1000).toFixed(1)} s, ${tokens}${price}, ${Math.round(cacheHit * 100)} % cached${ends}`;
  print(`\n${style("bold", `Turn ${turn}`)} ${style("dim", facts)}`);
  for (const block of answer.content) {
    if (block.type === "tool_use") printCall(block, results.get(block["id"]));
    else printWords("says", block);
  }
}

function printCall(call: TrajectoryBlock, result: TrajectoryBlock | undefined): void {
  const isRead = call["name"] === "read";
  say("bold", textOf(call["name"]), head(describeInput(call["input"])));
  if (result === undefined) return;
  const content = typeof result["content"] === "string" ? result["content"] : "(an image)";
  print(
    indent(
      style(result["is_error"] === true ? "red" : "dim", head(content, isRead ? readLinesMax : linesMax)),
    ),
  );
}

function printRecord(record: Exclude<TrajectoryRecord, Answer>): void {
  switch (record.type) {
    case "meta":
      return say(
        "cyan",
        `process ${record.process + 1}`,
        `${record.frame.model}, from ${record.commit ?? "no commit"}`,
      );
    case "user":
    case "system":
      return printTold(record);
    case "tool":
      return;
    case "retry":
      return say("yellow", "retry", `${record.reason}; after ${(record.delayMs / 1000).toFixed(1)} s`);
    case "note":
      return say("yellow", "note", record.text);
    case "gate":
      return say(
        record.accepted ? "green" : "red",
        "verdict",
        record.accepted ? "accepted" : "red; it went back",
      );
    case "end":
      return say("cyan", "end", [record.status, record.reason].filter((part) => part !== null).join(": "));
  }
}

const briefCharsMin = 1_000;

/** What is no result of a call. The brief is a page of its own: `brief.md`, in the attempt's folder. */
function printTold({ content }: Extract<TrajectoryRecord, { type: "user" | "system" }>): void {
  for (const block of content) {
    const text = textOf(block["text"]);
    if (text.length > briefCharsMin) say("dim", "told", `the brief, ${text.split("\n").length} lines`);
    else if (block.type !== "tool_result") printWords("told", block);
  }
}

function printWords(who: string, block: TrajectoryBlock): void {
  const isThought = block.type === "thinking";
  const words = textOf(isThought ? block["thinking"] : block["text"]);
  if (words !== "") say(isThought ? "dim" : "bold", isThought ? "thinks" : who, head(words));
}

/** The one argument that says what a call is about, then the others as far as they are short. */
function describeInput(input: unknown): string {
  const fields = Object.entries(Object(input));
  const main = fields.find(([name]) => ["command", "path", "summary"].includes(name));
  const others = fields.filter(
    (field) => field !== main && !Array.isArray(field[1]) && JSON.stringify(field[1]).length <= otherCharsMax,
  );
  const rest = others.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
  if (main === undefined) return rest;
  const learnings = Object.entries(Object(input)).find(([name]) => name === "learnings")?.[1];
  const learned = Array.isArray(learnings)
    ? learnings.map((each) => `\nlearned: ${String(each)}`).join("")
    : "";
  return `${textOf(main[1])}${rest === "" ? "" : `  (${rest})`}${learned}`;
}

const otherCharsMax = 40;
const linesMax = 12;
/** What was read stands in the repository. */
const readLinesMax = 4;

/** Enough to follow the story: the whole of it is in the file. */
function head(text: string, most = linesMax): string {
  const lines = text.trimEnd().replaceAll("\t", "    ").split("\n");
  const more = lines.length - most;
  return more <= 0 ? lines.join("\n") : [...lines.slice(0, most), `… ${more} more lines`].join("\n");
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const margin = 10;

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `${" ".repeat(margin)}${hang(line, margin)}`)
    .join("\n");

function say(color: Parameters<typeof style>[0], who: string, text: string): void {
  print(`${style(color, who.padEnd(margin - 1).slice(0, margin - 1))} ${indent(text).slice(margin)}`);
}
