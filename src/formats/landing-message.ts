/** The messages of the commits that ralphwright makes, and the trailers that prove what they say. */
import type { TaskId } from "../core/ids.ts";
import { cutText, oneLine } from "./one-line.ts";

export interface LandingText {
  readonly title: string;
  /** Two or three sentences from the agent; more are cut. */
  readonly summary: string;
  readonly task: TaskId;
  readonly attempt: number;
  readonly gates: readonly string[];
  readonly agent: string;
  /** Null when the price is not known. */
  readonly usd: number | null;
  /** Ids, `L-0143`. */
  readonly learnings: readonly string[];
  readonly run: string;
}

/** Title and summary may come from anybody: they can add no trailer and no second meaning. */
export function renderLandingMessage(landing: LandingText): string {
  const trailers: Trailer[] = [
    ["Task", landing.task],
    ["Attempt", String(landing.attempt)],
    ["Gates", landing.gates.join(" ")],
    ["Agent", landing.agent],
    ["Cost-USD", costOf(landing.usd)],
    ["Learnings", landing.learnings.join(" ")],
    ["Run", landing.run],
  ];
  const subject = subjectOf(landing.title) || `Land ${landing.task}`;
  // A title that does not fit in the subject stands nowhere else in the commit.
  const isCut = subject.endsWith("…");
  return joinMessage(
    subject,
    isCut ? `${oneLine(landing.title, titleCharsMax)}. ${landing.summary}` : landing.summary,
    trailers,
  );
}

/** Of a title that is told whole. */
const titleCharsMax = 200;

export interface RecordText {
  readonly task: TaskId;
  readonly attempt: number;
  readonly why: string;
  /** Of all its attempts; null when it is not known. */
  readonly usd: number | null;
  readonly run: string;
}

/** The message of the commit that notes a task as given up. */
export function renderRecordMessage({ task, attempt, why, usd, run }: RecordText): string {
  return joinMessage(subjectOf(`Give up ${task}: ${why}`), why, [
    ["Task", task],
    ["Attempt", String(attempt)],
    ["Outcome", "blocked"],
    ["Cost-USD", costOf(usd)],
    ["Run", run],
  ]);
}

const costOf = (usd: number | null): string => (usd === null ? "unknown" : usd.toFixed(2));

/** The trailers of a commit message: of its last paragraph alone, as git reads them. The first of a name counts. */
export function parseTrailers(message: string): ReadonlyMap<string, string> {
  const paragraphs = message.trimEnd().split(/\n(?:[ \t\r]*\n)+/);
  const lines = paragraphs.length < 2 ? [] : (paragraphs.at(-1) ?? "").split("\n");
  const unfolded = unfold(lines.filter((line) => !line.startsWith("#")));
  const trailers = unfolded.map((line) => trailerPattern.exec(line));
  const others = trailers.filter((trailer) => trailer === null).length;
  // Git puts up with other lines in the paragraph when one of its own is among them.
  const isKnown = unfolded.some((line) => /^Signed-off-by: |^\(cherry picked from commit /.test(line));
  if (others > 0 && !(isKnown && (trailers.length - others) * 3 >= others)) return new Map();
  const found = trailers.flatMap((trailer) =>
    trailer === null ? [] : [[trailer[1] ?? "", trailer[2] ?? ""] as const],
  );
  return new Map(found.toReversed());
}

type Trailer = readonly [name: string, value: string];

const subjectCharsMax = 72;
const lineCharsMax = 72;
const summaryCharsMax = 600;
const sentencesMax = 3;
const trailerCharsMax = 500;
const trailerPattern = /^([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*?)\s*$/;

/** `fixup!` and its kin make a later rebase swallow the commit; `#` makes an editor drop the line. */
function subjectOf(title: string): string {
  const bare = oneLine(title, title.length).replace(/^(?:[#\s-]|(?:fixup|squash|amend)!)+/i, "");
  return cutText(bare, subjectCharsMax);
}

function joinMessage(subject: string, summary: string, trailers: readonly Trailer[]): string {
  const block = trailers
    .map(([name, value]) => [name, oneLine(value, trailerCharsMax)] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}`);
  const parts = [subject, wrapLines(shorten(summary)).join("\n"), block.join("\n")];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function shorten(summary: string): string {
  const sentences = oneLine(summary, summary.length).split(/(?<=[.!?]) /);
  return cutText(sentences.slice(0, sentencesMax).join(" "), summaryCharsMax);
}

function wrapLines(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length < lineCharsMax)
      lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines.map(defuse);
}

/** A line that git or a reader would take for a trailer, a comment or the end of the message is indented. */
const defuse = (line: string): string =>
  /^(?:[A-Za-z0-9-]+[ \t]*:|#|---|\(cherry picked)/.test(line) ? ` ${line}` : line;

/** Joins a line that begins with white space to the one before it. */
function unfold(lines: readonly string[]): readonly string[] {
  const unfolded: string[] = [];
  for (const line of lines) {
    if (/^\s/.test(line) && unfolded.length > 0) unfolded.push(`${unfolded.pop()} ${line.trim()}`);
    else unfolded.push(line);
  }
  return unfolded;
}
