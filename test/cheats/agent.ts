/** An agent for whole runs: makes the patch of its task's case, and claims success whatever it is. */
import { readFileSync, writeFileSync } from "node:fs";
import { idOf } from "./case.ts";
import { casesOf, corpus } from "./corpus.ts";

readFileSync(0, "utf8");
const patch = Object.values(corpus)
  .flatMap(casesOf)
  .find((each) => idOf(each) === process.env["RALPH_TASK"]);
if (patch === undefined) throw new Error("there is no case for this task");
for (const apply of patch.edits) apply(process.cwd());
const claim = { type: "claim", status: "complete", summary: "All tests pass." };
writeFileSync(process.env["RALPH_CLAIM"] ?? "", JSON.stringify(claim));
