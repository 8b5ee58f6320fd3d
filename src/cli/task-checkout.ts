/** The checkout in which a command writes task files, and whether a supervisor reads the queue there. */
import { realpath } from "node:fs/promises";
import { listCheckouts } from "../adapters/git/git-checkout.ts";
import { currentBranch } from "../adapters/git/repository.ts";
import { RalphError } from "../errors.ts";
import type { Project } from "./compose.ts";

export interface TaskCheckout {
  readonly top: string;
  readonly isQueue: boolean;
  /** What is checked out here, in words. */
  readonly here: string;
  /** The checkout of the target, where there is one: the queue is read there, else from the branch. */
  readonly queueTop: string | null;
}

/** @throws RalphError `usage` in a bare repository. */
export async function findTaskCheckout({ repository, git, config }: Project): Promise<TaskCheckout> {
  const { top } = repository;
  if (top === null) {
    throw new RalphError("usage", "task files cannot be written here: this is a bare repository", {
      hint: "Do it in a checkout and push.",
    });
  }
  const [first] = await listCheckouts(git, `refs/heads/${config.target}`);
  const queueTop = first === undefined ? null : await realpath(first);
  const here = (await currentBranch(top)) ?? "a detached HEAD";
  return { top, isQueue: queueTop === top, here, queueTop };
}
