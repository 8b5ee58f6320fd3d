/** ralphwright runs on a clone of itself: its own gates, scripted agents, real commits. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../src/formats/config.ts";
import { mainProgram } from "./support/program.ts";
import { gitEnvironment, makeFolder, runGit } from "./support/repository.ts";

const top = join(import.meta.dirname, "..");
const folder = makeFolder("dogfood");
const clone = join(folder, "ralphwright");

/** Bends the linear growth of the backoff; a core test sees it. */
const honest = `
printf '\\n/** The longest delay there is, in milliseconds. */\\nexport const retryDelayMsMax = delayMsMax;\\n' >> src/core/backoff.ts
printf 'import { expect, it } from "vitest";\\nimport { retryDelayMs, retryDelayMsMax } from "../../src/core/backoff.ts";\\n\\nit("no delay is longer than the longest", () => {\\n  const failures = Array.from({ length: 40 }, () => ({ kind: "crashed", reason: "", evidence: null }) as const);\\n  expect(retryDelayMs(failures)).toBe(retryDelayMsMax);\\n});\\n' > test/core/backoff-limit.test.ts
`;
const lying = `
sed -i 's/firstDelayMs \\* 2/firstDelayMs * 3/' src/core/backoff.ts
printf '{"type":"claim","status":"complete","summary":"All tests pass.","learnings":[]}' > "$RALPH_CLAIM"
`;
const untyped = `sed -i 's/brokenInARow += 1;/brokenInARow += "1";/' src/core/backoff.ts`;

/** One program plays all agents: what it does depends on the task it is given. */
const agent = `case "$RALPH_TASK" in\n1-honest) ${honest} ;;\n2-lying) ${lying} ;;\n3-untyped) ${untyped} ;;\nesac`;

interface Run {
  readonly status: number | null;
  readonly stderr: string;
}

function run(): Run {
  const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: join(folder, "state") };
  const { status, stderr } = spawnSync(process.execPath, [mainProgram, "run", "--log", "plain"], {
    cwd: clone,
    env,
    encoding: "utf8",
  });
  return { status, stderr };
}

/** Two of the repository's own gates, cut down to the pure core and a few of its tests, so that a night takes seconds. */
function writeQueue(): void {
  const own = parseConfig(readFileSync(join(clone, "ralph.config.yaml"), "utf8"), "ralph.config.yaml");
  const gates = own.gates
    .filter((gate) => ["types", "tests"].includes(gate.name))
    .map(({ name, run: command, report }) => ({
      name,
      run:
        name === "tests"
          ? command.replace("vitest run", "vitest run test/core/backoff")
          : "npx tsc -p tsconfig.core.json",
      ...(report === null ? {} : { report }),
    }));
  const config = {
    version: 1,
    agent: { kind: "command", command: agent },
    // The dependencies are there already: linked, not installed again, which leads out of a sandbox.
    workspace: { setup: `mkdir node_modules && ln -s ${join(top, "node_modules")}/{*,.bin} node_modules/` },
    sandbox: "off",
    gates,
    limits: { attempts: 1, rounds: 0 },
  };
  writeFileSync(join(clone, "ralph.config.yaml"), `${JSON.stringify(config, null, 2)}\n`);
  rmSync(join(clone, "tasks"), { recursive: true, force: true });
  mkdirSync(join(clone, "tasks"));
  for (const id of ["1-honest", "2-lying", "3-untyped"]) {
    writeFileSync(join(clone, "tasks", `${id}.md`), `---\ntitle: ${id}\n---\n\nChange the backoff.\n`);
  }
  runGit(clone, ["add", "-A"]);
  runGit(clone, ["commit", "-q", "-m", "A queue for one night"]);
}

describe("ralphwright on a clone of itself", () => {
  let night: Run;

  beforeAll(() => {
    runGit(folder, ["clone", "-q", "--no-hardlinks", top, clone]);
    runGit(clone, ["checkout", "-q", "-B", "main"]);
    writeQueue();
    night = run();
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("lands the honest change, with its status and its trailers, in one commit", () => {
    expect(night.stderr).toContain("1-honest: landed as");
    const files = runGit(clone, ["log", "-1", "--format=", "--name-only", "--grep=^Task: 1-honest$"]);
    expect(files.split("\n")).toEqual([
      "PROGRESS.md",
      "src/core/backoff.ts",
      "tasks/1-honest.md",
      "test/core/backoff-limit.test.ts",
    ]);
    const message = runGit(clone, ["log", "-1", "--format=%B", "--grep=^Task: 1-honest$"]);
    expect(message).toContain("Gates: types tests");
  });

  it("lands neither the lie nor what the compiler refuses, and says so by its exit status", () => {
    expect(night.status).toBe(1);
    expect(runGit(clone, ["log", "--format=%s", "--grep=^Outcome: blocked$"]).split("\n")).toEqual([
      expect.stringContaining("Give up 3-untyped: gate types exited with"),
      expect.stringContaining("Give up 2-lying: gate tests reported"),
    ]);
    expect(readFileSync(join(clone, "src/core/backoff.ts"), "utf8")).not.toContain("firstDelayMs * 3");
  });

  it("leaves the checkout clean and nothing behind", () => {
    expect(runGit(clone, ["status", "--porcelain"])).toBe("");
    expect(existsSync(join(folder, "state", "work"))).toBe(true);
    expect(execFileSync("ls", [join(folder, "state", "work")], { encoding: "utf8" })).toBe("");
  });
});
