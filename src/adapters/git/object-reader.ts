/**
 * Reads objects of the user's repository through one git process that stays: a question costs a write and a read,
 * not a start of a program.
 *
 * The process is `git cat-file --batch-command -z`. It resolves a ref anew for each question and finds objects that other
 * processes write or pack meanwhile. It never keeps the supervisor alive, and ends when its standard input does.
 */
import { RalphError } from "../../errors.ts";
import { hasEnded, setHeld, type StandingProcess } from "./standing-process.ts";

export interface GitObject {
  readonly sha: string;
  readonly type: string;
  readonly content: Buffer;
}

export interface ObjectReader extends Disposable {
  /** `name` is anything that git takes for one object: `<sha>`, `<sha>:<path>`, `<ref>^{commit}`. Null: there is none. */
  read(name: string): Promise<GitObject | null>;
  /** How many bytes an object has, without reading it. Null: there is none. */
  size(name: string): Promise<number | null>;
}

/** `start` begins a `git cat-file --batch-command -z` on the repository. */
export function createObjectReader(start: () => StandingProcess): ObjectReader {
  let session: Session | null = null;
  const askOnce = async (name: string, wants: Wants): Promise<Said | null> => {
    if (session === null || session.isOver()) session = openSession(start());
    return session.ask(name, wants);
  };
  const ask = async (name: string, wants: Wants): Promise<Said | null> => {
    if (name.includes("\0")) return null;
    try {
      return await askOnce(name, wants);
    } catch {
      // Somebody ended the process, or an object broke it: a new one answers, or says the same again.
      return askOnce(name, wants);
    }
  };
  return {
    read: (name) => ask(name, "contents"),
    size: async (name) => (await ask(name, "info"))?.bytes ?? null,
    [Symbol.dispose]() {
      session?.end();
      session = null;
    },
  };
}

/** The two commands of the process that we use. */
type Wants = "contents" | "info";

/** `content` is empty where only the size was asked for. */
interface Said extends GitObject {
  readonly bytes: number;
}

interface Session {
  readonly ask: (name: string, wants: Wants) => Promise<Said | null>;
  readonly isOver: () => boolean;
  readonly end: () => void;
}

interface Question {
  readonly name: string;
  readonly wants: Wants;
  readonly answer: (object: Said | null) => void;
  readonly fail: (error: Error) => void;
}

/** Longer than git takes to end on a machine with much else to do. */
const endMsMax = 2_000;

/** One process: answers come in the order of the questions. */
function openSession(child: StandingProcess): Session {
  const open: Question[] = [];
  let chunks: Buffer[] = [];
  let size = 0;
  let sizeNeeded = 1;
  const stop = (): void => {
    for (const question of open.splice(0)) question.fail(readFailure(question.name));
  };
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < sizeNeeded) return;
    const { rest, needed } = answerAll(Buffer.concat(chunks), open);
    [chunks, size, sizeNeeded] = [[rest], rest.length, needed];
    if (open.length === 0) setHeld(child, false);
    // What is no answer to the question leaves no way to tell where the next answer begins.
    if (needed === Infinity) child.kill();
  });
  child.stdin.on("error", () => {});
  child.once("error", stop);
  child.once("close", stop);
  return {
    ask(name, wants) {
      return new Promise((answer, fail) => {
        open.push({ name, wants, answer, fail });
        setHeld(child, true);
        // Questions of one moment go out together: thousands of small writes would take longer than the answers.
        if (child.stdin.writableCorked === 0) {
          child.stdin.cork();
          process.nextTick(() => child.stdin.uncork());
        }
        child.stdin.write(`${wants} ${name}\0`);
      });
    },
    isOver: () => hasEnded(child),
    end() {
      child.stdin.end();
      // Who has ended leaves nothing behind, not even for the moment that this takes; a disk that hangs is not waited for.
      child.ref();
      setTimeout(() => child.unref(), endMsMax).unref();
    },
  };
}

/** Answers every question whose answer has arrived. `needed`: bytes before it is worth looking again. */
function answerAll(bytes: Buffer, open: Question[]): { readonly rest: Buffer; readonly needed: number } {
  let rest = bytes;
  for (let question = open[0]; question !== undefined; question = open[0]) {
    const parsed = parseAnswer(rest, question);
    if (typeof parsed === "number") return { rest, needed: parsed };
    open.shift();
    question.answer(parsed.object);
    rest = rest.subarray(parsed.size);
  }
  return { rest, needed: 1 };
}

interface Answer {
  readonly object: Said | null;
  readonly size: number;
}

/** `<sha> <type> <size>`, the content and a line feed; or a line that says why not. A number: how many bytes it takes. */
function parseAnswer(bytes: Buffer, { name, wants }: Question): Answer | number {
  const lineSize = bytes.indexOf("\n") + 1;
  if (lineSize === 0) return bytes.length + 1;
  const line = bytes.toString("latin1", 0, lineSize - 1);
  const [, sha, type, size] = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/.exec(line) ?? [];
  if (sha === undefined || type === undefined) return parseAbsence(bytes, name);
  if (wants === "info") {
    return { object: { sha, type, content: Buffer.alloc(0), bytes: Number(size) }, size: lineSize };
  }
  const end = lineSize + Number(size);
  if (bytes.length <= end) return end + 1;
  // A copy: what is kept of an answer must not keep all the others in memory.
  const content = Buffer.from(bytes.subarray(lineSize, end));
  return { object: { sha, type, content, bytes: content.length }, size: end + 1 };
}

/** The name may hold line feeds, so the line is compared with what it must be. */
function parseAbsence(bytes: Buffer, name: string): Answer | number {
  const isGitlink = /^[0-9a-f]{40,64} submodule\n/.exec(bytes.toString("latin1", 0, 100));
  if (isGitlink !== null) return { object: null, size: isGitlink[0].length };
  const texts = [`${name} missing\n`, `${name} ambiguous\n`].map((text) => Buffer.from(text));
  const said = texts.find((text) => bytes.subarray(0, text.length).equals(text));
  if (said !== undefined) return { object: null, size: said.length };
  const isBeginning = texts.some((text) => text.subarray(0, bytes.length).equals(bytes));
  return isBeginning ? bytes.length + 1 : Infinity;
}

const readFailure = (name: string): RalphError =>
  new RalphError("git-failed", `git cat-file could not read ${name}`, {
    hint: "See whether the repository is whole: git fsck.",
  });
