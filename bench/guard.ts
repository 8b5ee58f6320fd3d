/** How long the guard looks at a very large change: what every judged change costs, many times over. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGit } from "../src/adapters/git/git.ts";
import { createGitTarget } from "../src/adapters/git/git-target.ts";
import { createSecretScan } from "../src/adapters/secret-scan.ts";
import { commitSha, treeSha } from "../src/core/ids.ts";
import type { Task } from "../src/core/task.ts";
import { parseConfig } from "../src/formats/config.ts";
import { parseTask } from "../src/formats/task-file.ts";
import { guardCandidate } from "../src/supervisor/guarding.ts";
import { type Figure, median, spread } from "./figure.ts";
import { writeAll } from "./sample-project.ts";

const files = 2_000;
const limitMs = 1_000;

export async function measureGuard(repeats: number): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "ralphwright-bench-"));
  const repository = join(folder, "project");
  const scratch = join(folder, "scratch");
  for (const path of [repository, scratch]) mkdirSync(path);
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=Bench", "-c", "user.email=bench@example.com", ...args], {
      cwd: repository,
      encoding: "utf8",
    }).trim();
  const commit = (round: number): string => {
    writeAll(repository, Object.fromEntries(Array.from({ length: files }, (_, at) => fileOf(at, round))));
    git("add", "-A");
    git("commit", "-q", "-m", `Round ${round}`);
    return git("rev-parse", "HEAD");
  };
  git("init", "-q", "-b", "main");
  using open = createGit(join(repository, ".git"), scratch);
  try {
    const base = commitSha(commit(1));
    // As in a repository that has lived: the base is packed, what was just sealed is not.
    git("repack", "-a", "-d", "-q");
    const candidate = { base, commit: commitSha(commit(2)), tree: treeSha(git("rev-parse", "HEAD^{tree}")) };
    const target = createGitTarget(open, { branch: "main", sign: false, warn: () => {} });
    const secrets = createSecretScan();
    // The rules about secrets are loaded by the first change of a run.
    await secrets.find("a.ts", "");
    const scope = { config: parseConfig(configText, "ralph.config.yaml"), ports: { target, secrets } };
    const times: number[] = [];
    const ownTimes: number[] = [];
    for (let run = 0; run < repeats; run += 1) {
      const [started, used] = [performance.now(), process.cpuUsage()];
      const reason = await guardCandidate(scope, readTask(), candidate);
      times.push(performance.now() - started);
      const { user, system } = process.cpuUsage(used);
      ownTimes.push((user + system) / 1_000);
      if (reason !== null) throw new Error(reason);
    }
    return [
      {
        title: `guard on a change of ${files} files`,
        value: median(times),
        unit: "ms",
        limit: limitMs,
        note: spread(times),
      },
      {
        title: "of it, processor time of the supervisor, without git's",
        value: median(ownTimes),
        unit: "ms",
        note: spread(ownTimes),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const configText = "gates: [{ name: tests, run: npm test }]\n";

function readTask(): Task {
  const parsed = parseTask("# One\n", "tasks/one.md", (text) => text);
  if (parsed.kind !== "task") throw new Error("the task cannot be read");
  return parsed.task;
}

/** Eight sources to two tests, 4 KB each; a tenth of them is new in the second round. */
function fileOf(at: number, round: number): readonly [string, string] {
  const isNew = at % 10 === 9;
  const name = `packages/p${at % 40}/${at % 5 === 0 ? "test" : "src"}/part-${at}${isNew ? `-${round}` : ""}`;
  const isTest = at % 5 === 0;
  const block = isTest
    ? `it("adds ${at}", () => {\n  // what it says\n  expect(add(${at}, ${round})).toBe("the sum of ${at}");\n});\n\n`
    : `/** Part ${at}. */\nexport function part(input: string): string {\n  if (input === "") return "${round}";\n  return input.trim();\n}\n\n`;
  return [`${name}${isTest ? ".test.ts" : ".ts"}`, block.repeat(Math.round(4_000 / block.length))];
}
