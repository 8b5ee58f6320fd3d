/** Carries out the tool calls of one turn: in order, reads beside each other, and nothing larger than a turn may be. */
import { z } from "zod";
import { oneLine } from "../formats/one-line.ts";
import type { Redactor } from "../formats/redact.ts";
import type { ToolParam, ToolResultParam, ToolUse } from "./model-client.ts";
import { failure, type Tool, type ToolResult } from "./tools/tool.ts";

/** One call, carried out. */
export interface Carried {
  readonly call: ToolUse;
  readonly result: ToolResult;
  /** The call itself was wrong: no such tool, or an input that does not fit. */
  readonly isMalformed: boolean;
  readonly ms: number;
}

/** As the model sees them; `strict`: the server holds the model to the schema. */
export function toolParams(tools: readonly Tool[]): readonly ToolParam[] {
  return tools.map(({ name, description, input }) => {
    const { $schema: _, ...schema } = z.toJSONSchema(input);
    return { name, description, input_schema: { ...schema, type: "object" }, strict: true };
  });
}

const readsAtOnce = 8;

export async function carryOutCalls(
  calls: readonly ToolUse[],
  tools: readonly Tool[],
  signal: AbortSignal,
): Promise<readonly Carried[]> {
  const carried: Carried[] = [];
  let beside: ToolUse[] = [];
  const flush = async (): Promise<void> => {
    carried.push(...(await Promise.all(beside.map((call) => carryOut(call, tools, signal)))));
    beside = [];
  };
  for (const call of calls) {
    const isParallel = tools.find((tool) => tool.name === call.name)?.isParallel === true;
    if (!isParallel || beside.length === readsAtOnce) await flush();
    if (isParallel) beside.push(call);
    else carried.push(await carryOut(call, tools, signal));
  }
  await flush();
  return carried;
}

async function carryOut(call: ToolUse, tools: readonly Tool[], signal: AbortSignal): Promise<Carried> {
  const startMs = performance.now();
  const tool = tools.find(({ name }) => name === call.name);
  const problem = tool === undefined ? unknownTool(call.name, tools) : describeMisfit(tool.input, call);
  if (tool === undefined || problem !== null)
    return { call, result: failure(problem ?? ""), isMalformed: true, ms: 0 };
  const result = signal.aborted ? failure("Not run: the task is over.") : await tool.run(call.input, signal);
  return { call, result, isMalformed: false, ms: Math.round(performance.now() - startMs) };
}

const unknownTool = (name: string, tools: readonly Tool[]): string =>
  `There is no tool ${oneLine(name, 60)}. The tools are ${tools.map((tool) => tool.name).join(", ")}.`;

/** Null when the input fits the schema. */
export function describeMisfit(
  schema: z.ZodType,
  { name, input }: Pick<ToolUse, "name" | "input">,
): string | null {
  const parsed = schema.safeParse(input);
  if (parsed.success) return null;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "input"}: ${message}`);
  return `The call of ${name} does not fit its schema, and nothing was done. ${problems.join("; ")}`;
}

const turnCharsMax = 60_000;

/** All results of a turn, in order, as one message takes them. Secrets go before the text enters the history. */
export function resultParams(carried: readonly Carried[], redactor: Redactor): readonly ToolResultParam[] {
  const sizes = carried.map(({ result }) => (typeof result.content === "string" ? result.content.length : 0));
  const share = fairShare(sizes, turnCharsMax);
  return carried.map(({ call, result }) => {
    const { content, isError } = result;
    const shown = typeof content === "string" ? cutMiddle(redactor.text(content), share) : [...content];
    return {
      type: "tool_result",
      tool_use_id: call.id,
      content: shown,
      ...(isError ? { is_error: true } : {}),
    };
  });
}

/** The most each may have so that all together fit: small ones stay whole, the large ones share what is left. */
function fairShare(sizes: readonly number[], total: number): number {
  let left = total;
  const ascending = sizes.toSorted((a, b) => a - b);
  for (const [i, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    if (size > share) return share;
    left -= size;
  }
  return total;
}

function cutMiddle(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const notice = `\n[… ${text.length - charsMax} characters left out: the results of one turn are too long; ask again for less]\n`;
  const head = Math.floor(charsMax / 3);
  return `${text.slice(0, head)}${notice}${text.slice(text.length - (charsMax - head))}`;
}
