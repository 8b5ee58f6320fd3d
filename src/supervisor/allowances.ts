/** What a task allows and nobody used: mostly a name that was misspelt, which people should hear of. */
import type { Candidate } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import { matchTests } from "../core/verdict.ts";
import { matchGlobs } from "../formats/glob.ts";
import type { AttemptScope } from "./scope.ts";

/** @param tests Names of the tests that ran on the base. */
export async function warnOfUnusedAllowances(
  { ports }: AttemptScope,
  task: Task,
  { candidate, tests }: { readonly candidate: Candidate; readonly tests: readonly string[] },
): Promise<void> {
  const unusedTests = task.allowTests.filter((pattern) => !tests.some(matchTests([pattern])));
  for (const pattern of unusedTests) warn(`allow_tests of ${task.file} names no test: ${pattern}`);
  if (task.allow.length === 0) return;
  const changed = await ports.target.changedPaths(candidate.base, candidate.commit);
  const unused = task.allow.filter((glob) => !changed.some(({ path }) => matchGlobs([glob])(path)));
  for (const glob of unused) warn(`allow of ${task.file} matches nothing that was changed: ${glob}`);

  function warn(message: string): void {
    ports.log.write("warn", message, { task: task.id });
  }
}
