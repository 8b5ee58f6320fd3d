/** The state directory: everything the supervisor keeps, outside the repository. Deleting it loses history only. */
import { createHash } from "node:crypto";
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { messageOf, RalphError } from "../../errors.ts";
import type { Repository } from "../git/repository.ts";

export interface StateFolder {
  readonly path: string;
  readonly journal: string;
  readonly lease: string;
  readonly attempts: string;
  readonly passes: string;
  readonly dependencies: string;
  /** Workspaces and gate checkouts; everything in it may be deleted while no supervisor runs. */
  readonly work: string;
  /** Private indexes and reports. */
  readonly scratch: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `$RALPH_STATE_DIR`, else `$XDG_STATE_HOME/ralphwright/<repo>-<hash>`, else the same below `~/.local/state`. */
export function locateState(repository: Repository, environment: Environment): StateFolder {
  const hash = createHash("sha256").update(repository.gitDir).digest("hex").slice(0, 8);
  // Empty is unset; a relative one would mean another directory to each git that is started elsewhere.
  const [own, xdg] = [environment["RALPH_STATE_DIR"], environment["XDG_STATE_HOME"]];
  const home = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), ".local", "state");
  const isOwn = own !== undefined && own !== "";
  const path = isOwn ? resolve(own) : join(home, "ralphwright", `${repository.name}-${hash}`);
  return {
    path,
    journal: join(path, "journal.jsonl"),
    lease: join(path, "lease.json"),
    attempts: join(path, "attempts"),
    passes: join(path, "passes"),
    dependencies: join(path, "dependencies"),
    work: join(path, "work"),
    scratch: join(path, "scratch"),
  };
}

/** @throws RalphError `state-not-writable`. */
export function makeState(state: StateFolder): void {
  try {
    for (const folder of [state.path, state.work, state.scratch])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(state.path, constants.W_OK);
  } catch (error) {
    throw new RalphError(
      "state-not-writable",
      `the state directory ${state.path} cannot be written: ${messageOf(error)}`,
      {
        hint: "Set RALPH_STATE_DIR to a directory that you may write.",
      },
    );
  }
}
