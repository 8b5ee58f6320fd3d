/**
 * The agent, top to bottom: ask the model once, do what its answer calls for, append, again; with hard caps.
 *
 * Everything that ends the loop is an `AgentEnd`. What one answer leads to is in `react`. A call that passing trouble
 * cut short has been made again in model-call.ts before it gets here; nothing is ever taken out of the conversation.
 */
import type { DoneInput } from "./tools/done.ts";
import { compileNote, handOffRequest } from "./hand-off.ts";
import { limitReached, reminders } from "./limits.ts";
import type { ContentBlockParam, Message, ToolResultParam, ToolUse } from "./model-client.ts";
import { type AgentEnd, type AgentRun, ask, endOfCall } from "./run.ts";
import { type Carried, carryOutCalls, describeMisfit, resultParams } from "./tool-set.ts";
import { doneInput } from "./tools/done.ts";

/** What an answer leads to: what the model is told next, or the end. */
type Step =
  | { readonly kind: "tell"; readonly blocks: readonly ContentBlockParam[] }
  /** The same conversation again: the model was only interrupted. */
  | { readonly kind: "resume" }
  | { readonly kind: "end"; readonly end: AgentEnd };

export async function work(run: AgentRun): Promise<AgentEnd> {
  const { conversation, limits } = run;
  for (;;) {
    const cap = limitReached(run.spent, limits);
    if (cap !== null) return { status: "limit", reason: cap };
    if (run.signal.aborted) return { status: "stopped", reason: null };
    if (run.spent.contextTokens >= limits.contextHard) return handOver(run);

    const before = run.spent;
    const result = await ask(run);
    if (result.kind === "too-long") return handOver(run, "without asking");
    if (result.kind === "prefix-mismatch" && run.allowDroppedThinking()) continue;
    if (result.kind !== "answered") return endOfCall(run, result);

    conversation.addAnswer(result.message.content);
    const step = await react(run, result.message);
    if (step.kind === "end") return step.end;
    if (step.kind === "tell") conversation.addTurn(step.blocks, reminders(before, run.tick(), limits));
  }
}

const react = (run: AgentRun, message: Message): Promise<Step> | Step => {
  switch (message.stop_reason) {
    case "max_tokens":
      return retryCutOff(run, message);
    case "pause_turn":
      return { kind: "resume" };
    case "refusal":
      return end(
        "declined",
        `the model declined the work (${message.stop_details?.category ?? "no category"})`,
      );
    case "model_context_window_exceeded":
      return handOver(run, "without asking").then((over) => ({ kind: "end", end: over }));
    default:
      // Not by its name: some servers say `end_turn` over a message that calls tools, or `tool_use` over none.
      return toolUses(message).length > 0 ? useTools(run, message) : nudge(run, message);
  }
};

const malformedMax = 3;
const cutOffsMax = 3;

async function useTools(run: AgentRun, message: Message): Promise<Step> {
  const calls = toolUses(message);
  const claim = calls.find(({ name }) => name === "done");
  const misfit = claim === undefined ? null : describeMisfit(doneInput, claim);
  const others = calls.filter(({ name }) => name !== "done");
  const carried = await carryOutCalls(others, run.tools, run.signal);
  run.streaks.cutOff = 0;
  const isMalformed = carried.every((each) => each.isMalformed) && (claim === undefined || misfit !== null);
  run.streaks.malformed = isMalformed ? run.streaks.malformed + 1 : 0;
  const { watched, isStuck } = watchRepetition(run, carried);
  for (const each of watched) run.record.tool(each);
  const verdict = claim === undefined ? null : await claimDone(run, claim, misfit);
  if (verdict?.kind === "end") return verdict;
  const results = [...resultParams(watched, run.redactor), ...(verdict === null ? [] : [verdict.result])];
  if (isStuck) return end("stuck", "the agent repeated the same calls with the same results");
  if (run.streaks.malformed >= malformedMax)
    return end("stuck", `the agent made ${malformedMax} malformed calls in a row`);
  return { kind: "tell", blocks: inOrderOf(calls, results) };
}

type Verdict = { readonly kind: "result"; readonly result: ToolResultParam } | Extract<Step, { kind: "end" }>;

/** The claim goes to the supervisor; a red verdict is the result of the call, in the same context. */
async function claimDone(run: AgentRun, call: ToolUse, misfit: string | null): Promise<Verdict> {
  if (misfit !== null)
    return {
      kind: "result",
      result: { type: "tool_result", tool_use_id: call.id, content: misfit, is_error: true },
    };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema has been checked above
  const claim = call.input as DoneInput;
  const verdict = await run.hearVerdict(claim);
  if (verdict === "stopped") return end("stopped", null);
  if (verdict === null) return end(claim.status === "blocked" ? "blocked" : "rejected", null);
  if (verdict.accepted) return end("accepted", null);
  const content = run.redactor.text(
    `${verdict.evidence.trim()}\n\nMend the cause, then call \`done\` again.`,
  );
  return { kind: "result", result: { type: "tool_result", tool_use_id: call.id, content } };
}

/** Nothing of a cut-off answer is run: the last call in it may be half a command. */
function retryCutOff(run: AgentRun, message: Message): Step {
  run.streaks.cutOff += 1;
  if (run.streaks.cutOff >= cutOffsMax)
    return end("stuck", `${cutOffsMax} answers in a row were cut off for length`);
  const told =
    "Your answer was cut off for its length, and nothing of it was run. Send it again in smaller pieces.";
  const results = toolUses(message).map(({ id }) => ({
    type: "tool_result" as const,
    tool_use_id: id,
    content: told,
    is_error: true,
  }));
  return { kind: "tell", blocks: results.length > 0 ? results : [{ type: "text", text: told }] };
}

/** A model that stops without a word to the supervisor is asked once; then the gates decide. */
function nudge(run: AgentRun, message: Message): Step {
  const said = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  if (run.nudged) return end("unclaimed", said.trim() === "" ? null : said);
  run.nudged = true;
  const text = "Nobody reads this. If the task is done, or cannot be done, call `done`; else go on.";
  return { kind: "tell", blocks: [{ type: "text", text }] };
}

/** The note for the fresh process: by the model, or compiled where its context does not hold even the question. */
async function handOver(run: AgentRun, how: "asking" | "without asking" = "asking"): Promise<AgentEnd> {
  const { conversation } = run;
  let answer: Awaited<ReturnType<typeof ask>> | null = null;
  if (how === "asking") {
    conversation.addTurn([], [handOffRequest]);
    answer = await ask(run);
  }
  const content = answer?.kind === "answered" ? answer.message.content : [];
  const words = content.flatMap((block) => (block.type === "text" ? [block.text] : []));
  const note = words.join("\n").trim();
  return {
    status: "handed-over",
    reason: note === "" ? compileNote(conversation.messages, run.redactor) : note,
  };
}

/** Told once at three in a row; the end at five, or at three rounds of the same two calls. */
function watchRepetition(
  run: AgentRun,
  carried: readonly Carried[],
): { watched: readonly Carried[]; isStuck: boolean } {
  let isStuck = false;
  const watched = carried.map((each) => {
    const { call, result } = each;
    // To wait for a quiet job is no circle.
    if (typeof result.content !== "string" || result.content.startsWith("still running")) return each;
    const repetition = run.repetition.note({ tool: call.name, input: call.input, result: result.content });
    isStuck ||= repetition === "stuck";
    if (repetition !== "warn") return each;
    const warning =
      "[harness] This is the third time in a row that this call gave this result. Do something else.";
    return { ...each, result: { ...result, content: `${result.content}\n${warning}` } };
  });
  return { watched, isStuck };
}

const toolUses = (message: Message): readonly ToolUse[] =>
  message.content.filter((block): block is ToolUse => block.type === "tool_use");

/** Every call has its result, in the order of the calls: a history with a hole is refused by every server. */
function inOrderOf(
  calls: readonly ToolUse[],
  results: readonly ToolResultParam[],
): readonly ToolResultParam[] {
  return calls.map(({ id }) => {
    const found = results.find((result) => result.tool_use_id === id);
    return found ?? { type: "tool_result", tool_use_id: id, content: "Not run.", is_error: true };
  });
}

const end = (status: AgentEnd["status"], reason: string | null): Extract<Step, { kind: "end" }> => ({
  kind: "end",
  end: { status, reason },
});
