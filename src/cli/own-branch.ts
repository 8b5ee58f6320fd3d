/** Which branch the checkout has in which a daemon was started: the configuration of another one does not hold for it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { configFileName } from "../adapters/git/repository.ts";
import { RalphError } from "../errors.ts";
import type { Project } from "./compose.ts";

export interface OwnBranch {
  /** Resolves when git is through with what it may be doing in the checkout: it writes files first and says so last. */
  readonly settle: () => Promise<void>;
  /** @throws RalphError `config-invalid` while another branch is checked out. */
  readonly require: () => void;
}

const settleMs = 100;
/** Somebody may have left a lock behind. */
const triesMax = 50;

export async function watchBranch({ repository, git }: Project): Promise<OwnBranch> {
  const { top } = repository;
  if (top === null) return { settle: () => Promise.resolve(), require: () => {} };
  const folder = (await git.run(["rev-parse", "--absolute-git-dir"], { checkout: top })).trimEnd();
  const lock = join(folder, "index.lock");
  const started = branchIn(folder);
  return {
    async settle() {
      for (let tries = 1; tries <= triesMax; tries += 1) {
        await sleep(settleMs);
        if (!existsSync(lock)) return;
      }
    },
    require() {
      if (started === null || branchIn(folder) === started) return;
      const message = `${configFileName} is that of another branch: ${started} is not checked out in ${top}`;
      throw new RalphError("config-invalid", message, { hint: `Check ${started} out again.` });
    },
  };
}

/** Null: no branch. In the middle of a rebase there is none either. */
function branchIn(folder: string): string | null {
  const [, branch] = /^ref: refs\/heads\/(.+)$/m.exec(readFileSync(join(folder, "HEAD"), "utf8")) ?? [];
  return branch ?? null;
}
