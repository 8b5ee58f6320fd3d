/** Writes task files: the smallest change of a status, and new files for `task add`. */
import type { BlockedNote } from "../core/task.ts";
import { RalphError } from "../errors.ts";
import { editYaml, type FrontMatter, type KeyEdit, rewriteYaml, splitFrontMatter } from "./front-matter.ts";
import { oneLine } from "./one-line.ts";
import { quoteYaml, readYaml } from "./yaml-text.ts";

export type TaskChange =
  | { readonly status: "landed" }
  | { readonly status: "ready" }
  | { readonly status: "blocked"; readonly note: BlockedNote };

/**
 * The file with another status; everything else stays byte for byte.
 * @throws RalphError `task-invalid` for a file that is no task.
 */
export function setTaskStatus(text: string, change: TaskChange): string {
  const parts = splitFrontMatter(text);
  if (parts.kind === "absent") return change.status === "ready" ? text : addFrontMatter(parts, change);
  const { value, errors } = readYaml(parts.yaml);
  if (parts.kind === "unclosed" || errors.length > 0 || !isMapping(value)) {
    throw new RalphError(
      "task-invalid",
      "the task's front matter cannot be read, so its status cannot be set",
    );
  }
  const edits = editsFor(change).filter(([key, source]) => !isNeedless(key, source, value));
  const lines = parts.head.includes("\r\n") ? "\r\n" : "\n";
  const rewritten = (): string => rewriteYaml(parts.yaml, edits).replaceAll(/\r?\n/g, lines);
  return parts.head + (editYaml(parts.yaml, edits, lines) ?? rewritten()) + parts.tail + parts.body;
}

const whyCharsMax = 300;

function editsFor(change: TaskChange): readonly KeyEdit[] {
  if (change.status !== "blocked")
    return [
      ["status", change.status],
      ["blocked", null],
    ];
  const { attempt, text, why } = change.note;
  const note = [
    "",
    `attempt: ${attempt}`,
    `text: ${quoteYaml(text)}`,
    `why: ${quoteYaml(oneLine(why, whyCharsMax))}`,
  ];
  return [
    ["status", change.status],
    ["blocked", note.join("\n  ")],
  ];
}

/** A file that says nothing of its status is ready already. */
const isNeedless = (key: string, source: string | null, value: unknown): boolean =>
  key === "status" && source === "ready" && !(typeof value === "object" && value !== null && key in value);

const isMapping = (value: unknown): boolean =>
  value === null || (typeof value === "object" && !Array.isArray(value));

function addFrontMatter({ head, body }: FrontMatter, change: TaskChange): string {
  const lines = body.includes("\r\n") ? "\r\n" : "\n";
  const yaml = editsFor(change)
    .filter(([, source]) => source !== null)
    .map(([key, source]) => `${key}:${source?.startsWith("\n") === true ? "" : " "}${source}\n`);
  const blank = body === "" || /^\r?\n/.test(body) ? "" : "\n";
  return head + `---\n${yaml.join("")}---\n${blank}`.replaceAll("\n", lines) + body;
}

export interface TaskDraft {
  readonly title: string;
  readonly body?: string;
  readonly priority?: number;
  readonly dependsOn?: readonly string[];
  readonly specs?: readonly string[];
}

/** The text of a new task file. */
export function renderTask(draft: TaskDraft): string {
  const title = oneLine(draft.title, 200);
  const fields = [
    `title: ${quoteYaml(title)}`,
    ...(draft.priority === undefined ? [] : [`priority: ${draft.priority}`]),
    ...renderList("depends_on", draft.dependsOn),
    ...renderList("specs", draft.specs),
  ];
  const body = (draft.body ?? "").trim() || `${title.replace(/[.!?]$/, "")}.`;
  const acceptance = "## Acceptance\n\n- A test shows what is described above.\n";
  const rest = /^## Acceptance\b/m.test(body) ? "" : `\n${acceptance}`;
  return `---\n${fields.join("\n")}\n---\n\n${body}\n${rest}`;
}

function renderList(key: string, items: readonly string[] = []): readonly string[] {
  return items.length === 0 ? [] : [`${key}: [${items.map(quoteYaml).join(", ")}]`];
}

const slugCharsMax = 50;

/** A title as a file name: `Add a rate limiter!` → `add-a-rate-limiter`. */
export function slugOf(title: string): string {
  const letters = title.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const words = letters.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  const cut = words.length > slugCharsMax ? words.slice(0, slugCharsMax + 1).replace(/-[^-]*$/, "") : words;
  return cut.slice(0, slugCharsMax) || "task";
}
