/** `ralphwright doctor --repair-journal`: sets aside what stands in the journal from its first broken line on. */
import { basename } from "node:path";
import { repairJournal } from "../adapters/state/journal-repair.ts";
import { takeLease } from "../adapters/state/lease-file.ts";
import { openProject } from "./compose.ts";
import { columns, print, printJson, wrap } from "./print.ts";

/** Returns the exit status. @throws RalphError `lease-held` while a supervisor writes the journal. */
export async function repair(options: { readonly cwd: string; readonly json: boolean }): Promise<number> {
  const { state } = await openProject(options.cwd);
  const now = new Date();
  using lease = takeLease(state.lease, now.toISOString());
  void lease;
  const repaired = repairJournal(state.journal, now);
  if (options.json) printJson({ journal: state.journal, repaired });
  else if (repaired === null) print(`${state.journal} is whole: nothing to repair.`);
  else {
    const { kept, asideFile, asideLines } = repaired;
    print(`${state.journal}: ${lines(kept)} kept, ${lines(asideLines)} set aside in ${basename(asideFile)}.`);
    const lost =
      "What landed is in git and stays landed. What is lost is history, and which failed attempts count; what was open is closed by the next run.";
    print(wrap(lost, columns(), ""));
  }
  return 0;
}

const lines = (count: number): string => `${count} ${count === 1 ? "line" : "lines"}`;
