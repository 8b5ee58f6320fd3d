/** `ralphwright gate`: the gates on this checkout as it stands, exactly as the loop would run them. */
import { commitSha } from "../core/ids.ts";
import { flakeNames, type GateResult, redReason } from "../core/verdict.ts";
import { RalphError } from "../errors.ts";
import { runGates } from "../supervisor/gating.ts";
import { composeGating, logFolderOf, openProject, type Project, requireCommitter } from "./compose.ts";
import { openProjectSandbox, warnOfNone } from "./open-sandbox.ts";
import { print, printJson, printTable, style } from "./print.ts";

export interface GateOptions {
  readonly cwd: string;
  /** Only these gates; empty: all of them. */
  readonly names: readonly string[];
  readonly json: boolean;
}

/** Returns the exit status: 0 green, 1 red. */
export async function gate(options: GateOptions): Promise<number> {
  const project = await openProject(options.cwd);
  const gates = chooseGates(project, options.names);
  await requireCommitter(project);
  await using sandbox = await openProjectSandbox(project);
  warnOfNone(sandbox);
  const commit = await sealCheckout(project);
  const logFolder = logFolderOf(project);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once("SIGINT", abort).once("SIGTERM", abort);
  const ports = composeGating(project, stop.signal, sandbox);
  await using workspaces = ports.workspaces;
  void workspaces;
  const gating = await runGates(ports, {
    commit,
    gates,
    trusted: false,
    logFolder,
    purpose: "gate",
    signal: stop.signal,
  });
  process.off("SIGINT", abort).off("SIGTERM", abort);
  if (gating.kind === "stopped") return 130;
  const reason = gating.kind === "red" ? gating.reason : null;
  const flaky = gating.kind === "green" ? gating.flakes.flatMap(flakeNames) : [];
  if (options.json) printJson({ green: reason === null, reason, flaky, gates: gating.results });
  else printResults(gating.results, reason, flaky);
  return reason === null ? 0 : 1;
}

function chooseGates({ config }: Project, names: readonly string[]): Project["config"]["gates"] {
  const unknown = names.find((name) => !config.gates.some((each) => each.name === name));
  if (unknown !== undefined) {
    const known = config.gates.map((each) => each.name).join(", ");
    throw new RalphError("usage", `there is no gate ${unknown}`, { hint: `The gates are: ${known}.` });
  }
  return names.length === 0 ? config.gates : config.gates.filter((each) => names.includes(each.name));
}

/** A commit of the checkout with everything that is not ignored; the index and the branch stay as they are. */
async function sealCheckout({ git, repository }: Project): Promise<ReturnType<typeof commitSha>> {
  if (repository.top === null) {
    throw new RalphError("usage", "there are no files here to run the gates on: this is a bare repository", {
      hint: "Run it in a checkout.",
    });
  }
  const { top } = repository;
  const found = await git.ask(["rev-parse", "--verify", "-q", "HEAD^{commit}"], { checkout: top });
  if (found.code !== 0) {
    throw new RalphError("target-missing", "no commit is checked out here: gates run on one", {
      hint: "Make the first commit: git add -A && git commit",
    });
  }
  const head = found.stdout.trim();
  const tree = await git.withIndex(async (index) => {
    await git.run(["read-tree", head], { index });
    // From the top: git runs in the git directory, which lies inside this work tree, and "." would be that.
    await git.run(["add", "-A", "--", ":/"], { index, workTree: top });
    return (await git.run(["write-tree"], { index })).trim();
  });
  return commitSha((await git.run(["commit-tree", tree, "-p", head, "-m", "Checkout"])).trim());
}

const outputCharsMax = 4_000;

function printResults(results: readonly GateResult[], reason: string | null, flaky: readonly string[]): void {
  for (const result of results) {
    if (redReason(result) === null) continue;
    const output = result.output.trim().slice(-outputCharsMax);
    print(`${style("bold", result.gate)}\n${output || `It printed nothing; the log is ${result.logFile}`}\n`);
  }
  printTable(results.map(resultRow));
  print();
  for (const name of flaky) print(style("yellow", `Flaky, red at first and green when repeated: ${name}`));
  print(
    reason === null
      ? style("green", "All gates are green: this tree could land.")
      : style("red", `Red: ${reason}.`),
  );
}

function resultRow(result: GateResult): readonly string[] {
  const red = redReason(result);
  const tests = result.report?.kind === "read" ? `${result.report.tests.length} tests` : "exit code only";
  const seconds = `${(result.durationMs / 1000).toFixed(1)} s`;
  return [
    red === null ? style("green", "✔") : style("red", "✘"),
    result.gate,
    seconds,
    tests,
    red ?? "green",
  ];
}
