/** The text a fresh agent starts with. Stable parts first, so that a model's prompt cache serves all tasks. */
import type { AgentConfig, Config, Gate } from "./config.ts";
import { estimateTokens, type Learning, selectLearnings } from "./learning.ts";
import type { FailedAttempt } from "./message.ts";
import type { Task, TaskLimits } from "./task.ts";

/** A spec as the brief shows it: whole where the task names it, else its title and first line. */
export interface SpecText {
  readonly path: string;
  readonly text: string;
}

export interface BriefParts {
  readonly task: Task;
  readonly gates: readonly Gate[];
  readonly limits: TaskLimits;
  readonly progress: Config["progress"];
  /** AGENTS.md, CLAUDE.md: conventions that people wrote. */
  readonly conventions: readonly SpecText[];
  readonly specs: readonly SpecText[];
  readonly learnings: readonly Learning[];
  readonly past: readonly FailedAttempt[];
  /** Evidence of the last rejected attempt. */
  readonly evidence: string | null;
  readonly protect: readonly string[];
  readonly claim: ClaimManner;
}

/** How an agent says that it is done: by the built-in agent's tool, by the claim file, or in the protocol itself. */
export type ClaimManner = "tool" | "file" | "message";

export function claimManner({ kind, protocol }: AgentConfig): ClaimManner {
  if (kind === "builtin" || kind === "replay") return "tool";
  return kind === "command" && protocol === "ralph-agent/1" ? "message" : "file";
}

/** Specs that a task names, and conventions, as far as they fit; the rest is named, and the agent can read it. */
const specsTokensMax = 12_000;
/** 32 KB. */
const conventionsTokensMax = 8_192;
/** Evidence of an earlier attempt is a pointer, not the work: less of it than in a round. */
const pastEvidenceCharsMax = 8_000;

/** `context` is the beginning of `text`, before the task. */
export function renderBrief(parts: BriefParts): { readonly text: string; readonly context: string } {
  const context = joinSections([
    howYouWork(parts),
    conventionsSection(parts),
    specsSection(parts),
    learningsSection(parts),
  ]);
  const task = joinSections([taskSection(parts.task), pastSection(parts), limitsSection(parts.limits)]);
  // Half of a surrogate pair, where a text was cut, is refused by every model's server.
  return { text: `${context}\n\n${task}\n`.toWellFormed(), context: context.toWellFormed() };
}

const joinSections = (sections: readonly string[]): string =>
  sections.filter((text) => text !== "").join("\n\n");

/** What a fresh process is told that goes on where another one's context was used up. */
export function renderHandOff(note: string, evidence: string | null): string {
  const red = evidence === null ? "" : `\n\nThe last verdict on the work:\n\n${evidence.trim()}`;
  return `# Where the work stands\n\nAnother process of yours began this task in this very directory; its context was used up. Its changes are in the files. Its note to you:\n\n${note.trim()}${red}\n`;
}

function howYouWork(parts: BriefParts): string {
  const { gates, protect, progress, claim } = parts;
  const commands = gates.map((gate) => `- ${gate.name}: \`${gate.run}\``).join("\n");
  // The built-in agent knows how to work from its system text: it is told what differs from project to project.
  if (claim === "tool")
    return `# This repository

Gates, all of which must pass on the whole tree:

${commands}

${progress.file} and the tasks folder are written by the supervisor alone; your changes there are undone.
Protected: ${protect.join(", ")}. Where the conventions ask for a change there, leave it out and say so in the summary.`;
  return `# How you work here

You are one fresh agent for one task. This directory is a disposable clone; only the files in it count, commits do
not. When you stop, a supervisor takes the tree as it is, runs the gates below in a clean checkout that you cannot
reach, and lands the change or rejects it with the reason. What you say about your work is not evidence.

Gates, all of which must pass on the whole tree:

${commands}

- Run the gates yourself before you stop. Do the task and nothing else.
- Do not delete, skip or weaken tests. Tests that vanish or turn skipped reject the change.
- If the task contradicts the specs or the tests, stop and ask: an honest question is better than a trick.
- ${progress.file} and the tasks folder are written by the supervisor alone; your changes there are undone.
- Protected: ${protect.join(", ")}. Where the conventions ask for a change there, leave it out and say so.
${claimLines[claim]}`;
}

const complete =
  '`{"type":"claim","status":"complete","summary":"what and why, two or three sentences","learnings":["one sentence a later agent should know"]}`';
const blocked = '`{"type":"claim","status":"blocked","summary":"…","question":"…"}`';

const claimLines: Readonly<Record<Exclude<ClaimManner, "tool">, string>> = {
  file: `- You may write a claim as JSON to the file named by \`$RALPH_CLAIM\`:\n  ${complete}\n  or, when a person must decide, ${blocked}.`,
  message: `- Say that you are done with a claim: ${complete}\n  or, when a person must decide, ${blocked}.`,
};

function conventionsSection({ conventions }: BriefParts): string {
  const { shown, named } = fitFiles(conventions, conventionsTokensMax);
  return section("Conventions", [...shown.map(wholeFile), ...named.map(nameOnly)]);
}

function specsSection({ specs, task }: BriefParts): string {
  const wanted = specs.filter((spec) => task.specs.includes(spec.path));
  const { shown, named } = fitFiles(wanted, specsTokensMax);
  const others = task.specs.length === 0 ? specs.map((spec) => `- ${spec.path}: ${gist(spec.text)}`) : [];
  const list = others.length === 0 ? [] : [`Read those you need:\n\n${others.join("\n")}`];
  return section("Specs", [...shown.map(wholeFile), ...named.map(nameOnly), ...list]);
}

function learningsSection({ learnings, task, progress }: BriefParts): string {
  const chosen = selectLearnings(learnings, `${task.title}\n${task.body}`, progress.briefTokensMax);
  const lines = chosen.map((learning) => `- ${learning.id} (${learning.task}): ${learning.text}`);
  return section("Learnings of earlier tasks", lines.length === 0 ? [] : [lines.join("\n")]);
}

function taskSection(task: Task): string {
  return `# Your task: ${task.title}\n\nId: ${task.id}\n\n${task.body.trim()}${proofLines(task)}`;
}

function proofLines({ proof, checks }: Task): string {
  if (proof.length === 0) return "";
  const commands = proof.map((command) => `- \`${command}\``).join("\n");
  const sealed = checks === null ? "" : " Files that you do not see are laid over the tree for it.";
  return `\n\n## Proof\n\nRed now; when you are done each of these must exit with 0, beside the gates.${sealed}\n\n${commands}`;
}

function pastSection({ past, evidence }: BriefParts): string {
  if (past.length === 0) return "";
  const lines = past.map(({ attempt, kind, reason, commit }) => {
    const kept = commit === null ? "" : ` Its work: \`git diff ${commit}^ ${commit}\`.`;
    return `- Attempt ${attempt} (${kind}): ${reason}.${kept}`;
  });
  const detail =
    evidence === null ? [] : [`The last one in detail:\n\n${evidence.slice(0, pastEvidenceCharsMax)}`];
  const advice = "Another agent tried before you and was rejected. Do not repeat it; find out why first.";
  return section("What was tried before", [advice, lines.join("\n"), ...detail]);
}

function limitsSection(limits: TaskLimits): string {
  const minutes = Math.round(limits.wallMsMax / 60_000);
  const rounds = limits.roundsMax === 1 ? "once" : `${limits.roundsMax} times`;
  const back =
    limits.roundsMax === 0
      ? "A rejected change ends this attempt."
      : `A rejected change may come back to you ${rounds}.`;
  return `# Limits\n\n${minutes} minutes, ${limits.turnsMax} turns, ${limits.usdMax} USD. ${back}`;
}

function section(title: string, parts: readonly string[]): string {
  return parts.length === 0 ? "" : `# ${title}\n\n${parts.join("\n\n")}`;
}

/** Whole files in their order while they fit; the rest by name. */
function fitFiles(
  files: readonly SpecText[],
  tokensMax: number,
): { shown: readonly SpecText[]; named: readonly SpecText[] } {
  let tokensLeft = tokensMax;
  const shown: SpecText[] = [];
  const named: SpecText[] = [];
  for (const file of files) {
    const tokens = estimateTokens(file.text);
    if (tokens > tokensLeft) named.push(file);
    else shown.push(file);
    tokensLeft -= tokens > tokensLeft ? 0 : tokens;
  }
  return { shown, named };
}

const wholeFile = ({ path, text }: SpecText): string => `## ${path}\n\n${text.trim()}`;
const nameOnly = ({ path, text }: SpecText): string => `## ${path}\n\n${gist(text)} (long: read the file)`;

const gistCharsMax = 160;

/** Title and first line of a Markdown file. */
function gist(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const title = lines.find((line) => line.startsWith("# "))?.slice(2) ?? "";
  const first = lines.find((line) => line !== "" && !line.startsWith("#") && !line.startsWith("---")) ?? "";
  return [title, first].filter(Boolean).join(" — ").slice(0, gistCharsMax);
}
