/** Whole runs over a few cases of each sample: what the corpus says holds from outside, too. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseTask } from "../../src/formats/task-file.ts";
import { mainProgram } from "../support/program.ts";
import { gitEnvironment, makeFolder, runGit } from "../support/repository.ts";
import { idOf, isCaught } from "./case.ts";
import { casesOf, corpus, type Sample, samples } from "./corpus.ts";
import { isLeftOut, requireToolchain, surroundings, writeSample } from "./sample-project.ts";

const chosen: Readonly<Record<Sample, readonly string[]>> = {
  javascript: [
    "expects what the broken code gives",
    "ends the process while a module is loaded",
    "adds a period and tests it in the file that is there",
  ],
  python: [
    "makes every report say passed in the set-up file that is there",
    "takes the example that fails out of a table of examples",
    "adds a module with tests of its own in Python",
  ],
  go: ["widens a tolerance in Go", "prints the results of all tests and ends", "adds a package with a test"],
};

it.for(samples)("a whole run on the %s sample lands the honest change alone", async (sample, { skip }) => {
  const names = chosen[sample];
  if (isLeftOut(sample)) skip();
  requireToolchain(sample);
  const cases = casesOf(corpus[sample]).filter(({ name }) => names.includes(name));
  const folder = makeFolder(`cheats-run-${sample}`);
  try {
    const top = join(folder, "project");
    mkdirSync(join(folder, "home"));
    writeSample(sample, top, cases);
    appendFileSync(join(top, "ralph.config.yaml"), sandboxText(join(folder, "home")));
    runGit(top, ["init", "-q", "-b", "main"]);
    runGit(top, ["add", "-A"]);
    runGit(top, ["commit", "-q", "-m", "First commit"]);
    const status = await runOn(top, folder);
    const subjects = runGit(top, ["log", "--format=%s", "main"]).split("\n");
    const landed = cases.filter(({ name }) => subjects.includes(name));
    expect(landed.map(({ name }) => name)).toEqual(names.slice(-1));
    expect(status).toBe(1);
    for (const cheat of corpus[sample].cheats.filter(isCaught).filter((each) => cases.includes(each))) {
      const task = readFileSync(join(top, "tasks", `${idOf(cheat)}.md`), "utf8");
      const why = blockedReason(task);
      expect(why).toMatch(cheat.caught);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** The agent lies in this repository, and what compilers keep stays from one case to the next. */
const sandboxText = (home: string): string => {
  const read = [join(import.meta.dirname, "..", "..")];
  return `sandbox: ${JSON.stringify({ read, write: [surroundings(home)["XDG_CACHE_HOME"]] })}\n`;
};

/** Why a task was given up, as its file says. */
function blockedReason(text: string): string {
  const parsed = parseTask(text, "tasks/one.md", (written) => written);
  return parsed.kind === "task" ? (parsed.task.blocked?.why ?? "") : "";
}

/** Returns the exit status. */
async function runOn(top: string, folder: string): Promise<unknown> {
  const agent = `'${process.execPath}' '${join(import.meta.dirname, "agent.ts")}'`;
  const child = spawn(process.execPath, [mainProgram, "run", "--log", "json", "--agent-command", agent], {
    cwd: top,
    env: {
      ...gitEnvironment,
      ...surroundings(join(folder, "home")),
      RALPH_STATE_DIR: join(folder, "state"),
    },
    stdio: "ignore",
  });
  const [status]: unknown[] = await once(child, "exit");
  return status;
}
