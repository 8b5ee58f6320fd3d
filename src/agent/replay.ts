/**
 * The replay agent: plays a recording where others ask a model. Its edits and commands are real, so everything
 * that follows its claims is real too.
 *
 * Started in a workspace as `node replay.ts <recordings>`, it plays `<recordings>/<task>/<attempt>.jsonl` and
 * speaks `ralph-agent/1`. What goes wrong is told in one sentence on standard error, with exit status 1.
 */
import { spawn } from "node:child_process";
import { lstat, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { messageOf, systemCodeOf } from "../errors.ts";
import { type NumberedStep, parseRecording, type RecordedStep, type StepOf } from "./recording.ts";

const environmentSchema = z.object({
  RALPH_TASK: z.string().regex(/^[A-Za-z0-9][\w.-]*$/),
  RALPH_ATTEMPT: z.string().regex(/^[1-9]\d*$/),
  /** Above 0 for a process that takes the place of one that did not wait for the verdict. */
  RALPH_ROUND: z.string().regex(/^\d+$/).default("0"),
});

const incomingSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("brief"), text: z.string() }),
  z.object({ type: z.literal("verdict"), accepted: z.boolean() }),
]);
type Incoming = z.infer<typeof incomingSchema>;

/** Why the replay cannot go on, as one sentence; null while all is well. */
type Trouble = string | null;

/** A command that runs longer is killed; the supervisor's own limits are wider. */
const commandMsMax = 60_000;
/** What a tool message tells of a command's output. */
const tailCharsMax = 400;

// The supervisor may be gone before the last message is written.
process.stdout.on("error", () => process.exit(1));
const trouble = await replay(process.argv[2]);
// An open standard input would keep the process alive.
process.stdin.destroy();
if (trouble !== null) {
  process.stderr.write(`${trouble}\n`);
  process.exitCode = 1;
}

async function replay(folder: string | undefined): Promise<Trouble> {
  if (folder === undefined) return "Name the folder of recordings: node replay.ts <recordings>.";
  const environment = environmentSchema.safeParse(process.env);
  if (!environment.success) return "RALPH_TASK, RALPH_ATTEMPT and RALPH_ROUND must say what to play.";
  const { RALPH_TASK: task, RALPH_ATTEMPT: attempt, RALPH_ROUND: round } = environment.data;
  const file = join(folder, task, `${attempt}.jsonl`);
  const recorded = await readText(file);
  if (recorded.kind === "unreadable")
    return `No recording of attempt ${attempt} of ${task}: ${recorded.reason}`;
  const recording = parseRecording(recorded.text);
  if (recording.kind === "bad-line") return `${file}:${recording.line}: ${recording.reason}`;
  return play(recording.rounds.slice(Number(round)), file);
}

type ReadText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly reason: string };

async function readText(path: string): Promise<ReadText> {
  try {
    return { kind: "text", text: await readFile(path, "utf8") };
  } catch (error) {
    const missing = systemCodeOf(error) === "ENOENT";
    return { kind: "unreadable", reason: missing ? `${path} does not exist.` : messageOf(error) };
  }
}

async function play(rounds: readonly (readonly NumberedStep[])[], file: string): Promise<Trouble> {
  send({ type: "started", agent: "replay" });
  const inbox = receive();
  if ((await nextMessage(inbox, "brief")) === null) return "No brief came on standard input.";
  for (const round of rounds) {
    for (const { line, step } of round) {
      const stepTrouble = await carryOut(step);
      if (stepTrouble !== null) return `${file}:${line}: ${stepTrouble}`;
    }
    if (round.at(-1)?.step.do !== "claim") break;
    const verdict = await nextMessage(inbox, "verdict");
    if (verdict === null || verdict.accepted) break;
  }
  send({ type: "end" });
  return null;
}

function send(message: Readonly<Record<string, unknown>> & { readonly type: string }): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Lines end at a line feed alone: a brief may hold the other characters that some readers split at. */
async function* receive(): AsyncGenerator<Incoming, void> {
  process.stdin.setEncoding("utf8");
  let rest = "";
  for await (const chunk of process.stdin) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = parseIncoming(line);
      if (message !== null) yield message;
    }
  }
}

/** Null for a message that this agent does not know: the protocol may grow. */
function parseIncoming(line: string): Incoming | null {
  try {
    return incomingSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** The next message of a type; null when the supervisor has closed the stream. */
async function nextMessage<Type extends Incoming["type"]>(
  inbox: AsyncGenerator<Incoming, void>,
  type: Type,
): Promise<Extract<Incoming, { type: Type }> | null> {
  for (;;) {
    const { value } = await inbox.next();
    if (value === undefined) return null;
    if (isOfType(value, type)) return value;
  }
}

function isOfType<Type extends Incoming["type"]>(
  message: Incoming,
  type: Type,
): message is Extract<Incoming, { type: Type }> {
  return message.type === type;
}

async function carryOut(step: RecordedStep): Promise<Trouble> {
  switch (step.do) {
    case "note":
      send({ type: "note", text: step.text });
      return null;
    case "usage": {
      const { input_tokens, output_tokens, usd } = step;
      send({ type: "usage", input_tokens, output_tokens, usd });
      return null;
    }
    case "claim": {
      const { do: _, ...claim } = step;
      send({ type: "claim", ...claim });
      return null;
    }
    case "run":
      return runCommand(step);
    case "write":
    case "edit":
    case "remove":
      return changeFile(step);
  }
}

/** Announces a tool call; the model's reply that asked for it is a turn of its own. */
function sendTool(name: string, summary: string): void {
  send({ type: "turn" });
  send({ type: "tool", name, summary });
}

async function changeFile(step: StepOf<"write"> | StepOf<"edit"> | StepOf<"remove">): Promise<Trouble> {
  try {
    if (await leavesWorkspace(step.path)) return `${step.path} leads out of the workspace.`;
    const changeTrouble = await applyChange(step);
    if (changeTrouble === null) sendTool(step.do, step.path);
    return changeTrouble;
  } catch (error) {
    return `${step.do} failed: ${messageOf(error)}`;
  }
}

async function applyChange(step: StepOf<"write"> | StepOf<"edit"> | StepOf<"remove">): Promise<Trouble> {
  switch (step.do) {
    case "write":
      await mkdir(dirname(step.path), { recursive: true });
      await writeFile(step.path, step.content);
      return null;
    case "remove":
      await rm(step.path);
      return null;
    case "edit":
      return editText(step);
  }
}

async function editText({ path, old, new: replacement }: StepOf<"edit">): Promise<Trouble> {
  const current = await readText(path);
  if (current.kind === "unreadable") return current.reason;
  const parts = current.text.split(old);
  const found = parts.length - 1;
  if (found !== 1) return `The text to replace occurs ${found} times in ${path}; it must occur once.`;
  await writeFile(path, parts.join(replacement));
  return null;
}

/** The format refuses `..`, but a link in the workspace can lead out of it all the same. */
async function leavesWorkspace(path: string): Promise<boolean> {
  const file = await lstat(path).catch(() => null);
  if (file?.isSymbolicLink() === true) return true;
  const root = await realpath(process.cwd());
  const folder = await nearestFolder(dirname(resolve(path)));
  return folder !== root && !folder.startsWith(`${root}${sep}`);
}

/** Where the first folder upwards that exists really is. */
async function nearestFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => nearestFolder(dirname(folder)));
}

async function runCommand({ command, must }: StepOf<"run">): Promise<Trouble> {
  const { end, output } = await runInBash(command);
  sendTool("run", `${command} → ${end}\n${output}`.trimEnd());
  return must && end !== "exit 0" ? `The command must pass, but ended with ${end}: ${command}` : null;
}

function runInBash(command: string): Promise<{ readonly end: string; readonly output: string }> {
  return new Promise((settle) => {
    // In this process's group, so that the supervisor's kill reaches whatever the command starts.
    const bash = spawn("bash", ["-c", command], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: commandMsMax,
      killSignal: "SIGKILL",
    });
    let output = "";
    const keepTail = (chunk: string): void => {
      output = `${output}${chunk}`.slice(-2 * tailCharsMax);
    };
    bash.stdout.setEncoding("utf8").on("data", keepTail);
    bash.stderr.setEncoding("utf8").on("data", keepTail);
    bash.on("error", (error) => {
      settle({ end: `no start: ${messageOf(error)}`, output: "" });
    });
    bash.on("close", (code, signal) => {
      settle({ end: code === null ? String(signal) : `exit ${code}`, output: shortTail(output) });
    });
  });
}

/** Whole lines from the end, without the colours that test runners paint. */
function shortTail(output: string): string {
  const plain = stripVTControlCharacters(output).trimEnd();
  if (plain.length <= tailCharsMax) return plain;
  const cut = plain.slice(-tailCharsMax);
  return `…\n${cut.slice(cut.indexOf("\n") + 1)}`;
}
