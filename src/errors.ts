/** The one error class for trouble that a person can mend, and the table of its codes. */

/** Exit status of the command, and what kind of trouble it is. Each code has a section in docs/errors.md. */
export const errorCodes = {
  usage: 2,
  "config-missing": 2,
  "config-invalid": 2,
  "task-invalid": 2,
  "task-unknown": 2,
  "not-a-repository": 2,
  "git-too-old": 2,
  "git-failed": 2,
  "target-missing": 2,
  "target-ahead": 2,
  "remote-missing": 2,
  "remote-failed": 5,
  "checkout-dirty": 2,
  "state-not-writable": 2,
  "sandbox-unavailable": 2,
  "checks-missing": 2,
  "agent-missing": 2,
  "key-missing": 6,
  "setup-failed": 2,
  "file-exists": 2,
  "baseline-red": 2,
  "drill-required": 2,
  "lease-held": 3,
  "supervisor-missing": 3,
  "journal-corrupt": 2,
  "target-not-judged": 70,
} as const;
export type ErrorCode = keyof typeof errorCodes;

/** Trouble told in one sentence, with what to do about it. Never shown with a stack trace. */
export class RalphError extends Error {
  override readonly name = "RalphError";
  readonly code: ErrorCode;
  /** What to do, as one sentence. */
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
  }

  get exitStatus(): number {
    return errorCodes[this.code];
  }
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of a system error (`ENOENT`), or null. */
export function systemCodeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Null where there is no such file. Any other trouble is the machine's and is thrown: nobody may be blamed for it. */
export async function unlessAbsent<Found>(call: Promise<Found>): Promise<Found | null> {
  try {
    return await call;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return null;
    throw error;
  }
}
