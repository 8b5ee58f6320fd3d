/** The format of a recording: JSON lines that say what a recorded agent does, split into its rounds. */
import { z } from "zod";

const filePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), "leads out of the workspace");

const stepSchema = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("note"), text: z.string() }),
  z.strictObject({ do: z.literal("write"), path: filePath, content: z.string() }),
  /** `old` must occur exactly once in the file. */
  z.strictObject({ do: z.literal("edit"), path: filePath, old: z.string().min(1), new: z.string() }),
  z.strictObject({ do: z.literal("remove"), path: filePath }),
  /** `must`: the recording stops when the command fails. */
  z.strictObject({ do: z.literal("run"), command: z.string().min(1), must: z.boolean().default(false) }),
  z.strictObject({
    do: z.literal("usage"),
    input_tokens: z.int().nonnegative(),
    output_tokens: z.int().nonnegative(),
    usd: z.number().nonnegative().nullable().default(null),
  }),
  z.strictObject({
    do: z.literal("claim"),
    status: z.enum(["complete", "partial", "blocked"]),
    summary: z.string(),
    learnings: z.array(z.string()).default([]),
    verification: z.array(z.strictObject({ command: z.string(), result: z.string() })).default([]),
    question: z.string().optional(),
  }),
]);

const headerSchema = z.strictObject({ recording: z.literal(1), about: z.string() });

export type RecordedStep = z.infer<typeof stepSchema>;
export type StepOf<Kind extends RecordedStep["do"]> = Extract<RecordedStep, { do: Kind }>;

/** A step and the line it stands on, counted from 1. */
export interface NumberedStep {
  readonly line: number;
  readonly step: RecordedStep;
}

/** What is played before the first verdict, then after each red one. A claim ends its round. */
export type Recording =
  | { readonly kind: "recording"; readonly rounds: readonly (readonly NumberedStep[])[] }
  | { readonly kind: "bad-line"; readonly line: number; readonly reason: string };

export function parseRecording(text: string): Recording {
  const steps: NumberedStep[] = [];
  for (const [index, content] of text.split("\n").entries()) {
    const line = index + 1;
    if (content.trim() === "") continue;
    const parsed = parseLine(content, line);
    if (parsed.kind === "bad") return { kind: "bad-line", line, reason: parsed.reason };
    if (parsed.kind === "step") steps.push({ line, step: parsed.step });
  }
  return { kind: "recording", rounds: splitRounds(steps) };
}

type ParsedLine =
  | { readonly kind: "header" }
  | { readonly kind: "step"; readonly step: RecordedStep }
  | { readonly kind: "bad"; readonly reason: string };

function parseLine(content: string, line: number): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return { kind: "bad", reason: "This is not a line of JSON." };
  }
  const isHeader = line === 1 && typeof value === "object" && value !== null && "recording" in value;
  const parsed = isHeader ? headerSchema.safeParse(value) : stepSchema.safeParse(value);
  if (!parsed.success) return { kind: "bad", reason: describeIssues(parsed.error) };
  return "recording" in parsed.data ? { kind: "header" } : { kind: "step", step: parsed.data };
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

function splitRounds(steps: readonly NumberedStep[]): readonly (readonly NumberedStep[])[] {
  const rounds: NumberedStep[][] = [];
  let round: NumberedStep[] = [];
  for (const numbered of steps) {
    if (round.length === 0) rounds.push(round);
    round.push(numbered);
    if (numbered.step.do === "claim") round = [];
  }
  return rounds;
}
