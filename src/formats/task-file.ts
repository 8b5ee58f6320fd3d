/** A task file ↔ a task: YAML front matter and a Markdown body. */
import { z } from "zod";
import { taskId } from "../core/ids.ts";
import type { QueueProblem } from "../core/queue.ts";
import { type BlockedNote, type Task, type TaskLimits, taskStatuses } from "../core/task.ts";
import { canonicalJson, type FrontMatter, splitFrontMatter } from "./front-matter.ts";
import { oneLine } from "./one-line.ts";
import {
  dollars,
  duration,
  gateName,
  glob,
  integer,
  list,
  mapping,
  matching,
  oneOf,
  relativePath,
  section,
  text,
  wholeNumber,
} from "./schema-fields.ts";
import { checkShape, isRecord, showValue } from "./shape.ts";
import { readYaml } from "./yaml-text.ts";

export { renderTask, setTaskStatus, slugOf, type TaskChange, type TaskDraft } from "./task-edit.ts";

export type ParsedTask =
  | { readonly kind: "task"; readonly task: Task }
  | { readonly kind: "problem"; readonly problems: readonly QueueProblem[] };

/** A name that is a file name and a part of a git ref alike. */
const idPattern = /^(?!.*\.\.)(?!.*\.lock$)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
const id = () =>
  matching(
    idPattern,
    "a name of letters, digits, dots, hyphens and underscores, in quotes if it looks like a number",
  );

const limits = {
  attempts: wholeNumber(1).optional(),
  rounds: wholeNumber(0).optional(),
  wall: duration().optional(),
  idle: duration().optional(),
  turns: wholeNumber(1).optional(),
  usd: dollars().optional(),
  tokens: wholeNumber(1).optional(),
};

const frontMatter = mapping({
  id: id().optional(),
  title: text().optional(),
  status: oneOf(taskStatuses).prefault("ready"),
  priority: integer().prefault(0),
  depends_on: list(id()),
  specs: list(relativePath()),
  agent: text().nullable().prefault(null),
  model: text().nullable().prefault(null),
  gates: list(gateName()),
  allow: list(glob()),
  allow_tests: list(text()),
  proof: list(text("a command for bash")),
  checks: relativePath().nullable().prefault(null),
  limits: section(limits),
  blocked: mapping({
    attempt: wholeNumber(0),
    text: z.string({ error: "a text" }),
    why: z.string({ error: "a text" }),
  })
    .nullable()
    .prefault(null),
});
type FrontMatterText = z.output<typeof frontMatter>;

/**
 * @param file Path from the top of the repository; its stem is the task's id unless the file says otherwise.
 * @param digest Makes a short name of a text; equal texts have equal digests.
 */
export function parseTask(source: string, file: string, digest: (text: string) => string): ParsedTask {
  const parts = splitFrontMatter(source);
  if (parts.kind === "unclosed") {
    return problems(file, null, [[0, "the front matter that begins here has no closing --- line"]]);
  }
  const yaml = readYaml(parts.yaml);
  if (yaml.errors.length > 0)
    return problems(
      file,
      null,
      yaml.errors.map((error) => [error.line, error.message]),
    );
  const values = yaml.value ?? {};
  const shaped = checkShape(frontMatter, values);
  if (shaped.kind === "problems") {
    const named = isRecord(values) && typeof values["id"] === "string" ? values["id"] : stemOf(file);
    const lines = shaped.problems.map(
      ({ path, part, message }) => [yaml.positionOf(path, part).line, message] as const,
    );
    return problems(file, named, lines);
  }
  const name = shaped.value.id ?? stemOf(file);
  if (!idPattern.test(name)) {
    const message = `the file's name, ${showValue(name)}, cannot be a task's id: rename it, or write an id`;
    return { kind: "problem", problems: [{ file, line: null, task: null, message }] };
  }
  return {
    kind: "task",
    task: toTask(shaped.value, { name, file, parts, digest: digest(textOf(values, parts)) }),
  };
}

const stemOf = (file: string): string => file.replace(/^.*\//, "").replace(/\.md$/i, "");

/** Lines count from the top of the YAML, which is the second line of the file. */
function problems(
  file: string,
  named: string | null,
  lines: readonly (readonly [number, string])[],
): ParsedTask {
  const task = named !== null && idPattern.test(named) ? taskId(named) : null;
  return {
    kind: "problem",
    problems: lines
      .toSorted(([a], [b]) => a - b)
      .map(([line, message]) => ({ file, line: line + 1, task, message })),
  };
}

/** What people wrote, whatever its layout: all values but the two that the supervisor writes, and the body. */
function textOf(values: unknown, { body }: FrontMatter): string {
  const { status: _status, blocked: _blocked, ...written } = isRecord(values) ? values : {};
  const plainBody = withoutBlankLines(body).replaceAll("\r\n", "\n").trimEnd();
  return `${canonicalJson(written)}\n${plainBody}`;
}

const withoutBlankLines = (body: string): string => body.replace(/^(?:[ \t]*\r?\n)+/, "");

interface TaskSource {
  readonly name: string;
  readonly file: string;
  readonly parts: FrontMatter;
  readonly digest: string;
}

const titleCharsMax = 200;

function toTask(values: FrontMatterText, { name, file, parts, digest }: TaskSource): Task {
  const body = withoutBlankLines(parts.body);
  return {
    id: taskId(name),
    title: oneLine(values.title ?? headingOf(body) ?? name, titleCharsMax) || name,
    file,
    status: values.status,
    priority: values.priority,
    dependsOn: values.depends_on.map(taskId),
    specs: values.specs,
    agent: values.agent,
    model: values.model,
    gates: values.gates,
    allow: values.allow,
    allowTests: values.allow_tests,
    proof: values.proof,
    checks: values.checks,
    limits: toLimits(values.limits),
    body,
    text: digest,
    blocked: toNote(values.blocked),
  };
}

const toNote = (note: FrontMatterText["blocked"]): BlockedNote | null => note;

/** The first `# heading` that is not in a code block. */
function headingOf(body: string): string | null {
  let fence: string | null = null;
  for (const line of body.split("\n")) {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    const closes: boolean = fence !== null && mark !== undefined && mark.startsWith(fence);
    if (mark !== undefined && (fence === null || closes)) fence = closes ? null : mark;
    const [, heading] = (fence === null ? /^ {0,3}#[ \t]+(\S.*?)(?:[ \t]+#+)?\s*$/.exec(line) : null) ?? [];
    if (heading !== undefined) return heading;
  }
  return null;
}

/** Keys that the task does not state are left out, so that spreading over the configured limits keeps those. */
function toLimits(written: FrontMatterText["limits"]): Partial<TaskLimits> {
  const { attempts, rounds, wall, idle, turns, usd, tokens } = written;
  return {
    ...(attempts !== undefined && { attemptsMax: attempts }),
    ...(rounds !== undefined && { roundsMax: rounds }),
    ...(wall !== undefined && { wallMsMax: wall }),
    ...(idle !== undefined && { idleMsMax: idle }),
    ...(turns !== undefined && { turnsMax: turns }),
    ...(usd !== undefined && { usdMax: usd }),
    ...(tokens !== undefined && { tokensMax: tokens }),
  };
}
