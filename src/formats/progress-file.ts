/** The progress file ↔ what each task taught. Texts in it come from agents: they can add nothing to the format. */
import { type CommitSha, commitSha, shortSha, type TaskId, taskId } from "../core/ids.ts";
import type { Learning } from "../core/learning.ts";
import { escapeMarkdown, unescapeMarkdown } from "./markdown-text.ts";
import { oneLine } from "./one-line.ts";

export { oneLine } from "./one-line.ts";

export interface ProgressEntry {
  readonly task: TaskId;
  readonly outcome: "landed" | "blocked";
  readonly attempt: number;
  /** `2026-11-20`. */
  readonly date: string;
  /** The commit on which the attempt began; the file keeps its short form. */
  readonly base: CommitSha;
  readonly change: string;
  readonly learnings: readonly Learning[];
}

export const progressHeader =
  "# Progress\n\nWhat each task taught, newest last. Written by ralphwright alone.\n";

const changeCharsMax = 600;
const learningCharsMax = 400;

/** @param text The file as it is; empty when there is none yet. */
export function appendEntry(text: string, entry: ProgressEntry): string {
  const before = text.trim() === "" ? progressHeader : text;
  const lines = before.includes("\r\n") ? "\r\n" : "\n";
  return `${before.trimEnd()}\n\n${renderEntry(entry)}`.replaceAll(/\r?\n/g, lines);
}

/** The entries in their order. Lines that no entry has, written by hand, are passed over. */
export function parseProgress(text: string): readonly ProgressEntry[] {
  return cutSections(text).flatMap((section) => parseSection(section) ?? []);
}

/** The learnings of all entries. Most entries of a long file have none, and are passed over unread. */
export function parseLearnings(text: string): readonly Learning[] {
  const sections = cutSections(text).filter((section) => section.includes("- L-"));
  return sections.flatMap((section) => parseSection(section)?.learnings ?? []);
}

const cutSections = (text: string): readonly string[] => text.replaceAll("\r\n", "\n").split(/^(?=#{1,6} )/m);

function renderEntry({ task, outcome, attempt, date, base, change, learnings }: ProgressEntry): string {
  const heading = `## ${escapeMarkdown(task)}: ${outcome} (${date}, attempt ${attempt}, on ${shortSha(base)})`;
  const items = learnings.map(({ id, text }) =>
    `- ${id}: ${escapeMarkdown(oneLine(text, learningCharsMax))}`.trimEnd(),
  );
  const parts = [heading, escapeMarkdown(oneLine(change, changeCharsMax)), items.join("\n")];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const headingPattern = /^## (\S+): (landed|blocked) \((\d{4}-\d\d-\d\d), attempt (\d+), on ([0-9a-f]+)\)\s*$/;

function parseSection(section: string): ProgressEntry | null {
  const [first = "", ...lines] = section.split("\n");
  const [, task, outcome, date, attempt, base] = headingPattern.exec(first) ?? [];
  if (task === undefined || date === undefined || base === undefined) return null;
  const id = taskId(unescapeMarkdown(task));
  const blocks = blocksOf(lines);
  const [change = ""] = blocks.filter((block) => !block.startsWith("- "));
  return {
    task: id,
    outcome: outcome === "landed" ? "landed" : "blocked",
    attempt: Number(attempt),
    date,
    base: commitSha(base),
    change: unescapeMarkdown(change),
    learnings: blocks.flatMap((block) => parseLearning(block, id, date) ?? []),
  };
}

/** Paragraphs and list items, each on one line, however they were wrapped. */
function blocksOf(lines: readonly string[]): readonly string[] {
  const blocks: string[] = [];
  let open = false;
  for (const line of lines) {
    const goesOn = open && !line.startsWith("- ");
    if (line.trim() !== "") blocks.push(goesOn ? `${blocks.pop()} ${line.trim()}` : line.trim());
    open = line.trim() !== "";
  }
  return blocks;
}

function parseLearning(block: string, task: TaskId, date: string): Learning | null {
  const [, id, text = ""] = /^- (L-\d+):(?: (.*))?$/.exec(block) ?? [];
  return id === undefined ? null : { id, task, date, text: unescapeMarkdown(text) };
}
