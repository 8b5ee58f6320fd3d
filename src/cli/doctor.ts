/** `ralphwright doctor`: everything a run needs, looked at before the night. */
import { isFull, lookAtDisks } from "../adapters/disk-room.ts";
import { readState } from "../adapters/state/journal-reader.ts";
import { refusalByHolder } from "../adapters/state/lease-file.ts";
import { describePlace } from "../adapters/state/state-place.ts";
import { gitVersion } from "../adapters/git/repository.ts";
import { diskStop } from "../core/disk.ts";
import { commitSha } from "../core/ids.ts";
import { resolveQueue } from "../core/queue.ts";
import { judgedByExitCode, problemText } from "../core/report.ts";
import { messageOf, RalphError } from "../errors.ts";
import { formatBytes } from "../formats/byte-size.ts";
import type { Journal } from "../ports.ts";
import { checkBaseline, checkGates } from "../supervisor/baseline.ts";
import { createShared } from "../supervisor/scope.ts";
import {
  composePorts,
  logFolderOf,
  listReviews,
  listTargetCheckouts,
  openProject,
  openQueue,
  type Project,
  remoteOf,
  requireCommitter,
  requireRemote,
  requireTarget,
  requireWritable,
} from "./compose.ts";
import { reportAdvice } from "../survey/survey.ts";
import { currentDrill, drillCommand } from "./drill-standing.ts";
import { moneyWarning } from "./money.ts";
import { lookAtAgent } from "./doctor-agent.ts";
import { isWithoutSandbox, lookAtSandbox } from "./doctor-sandbox.ts";
import { bad, type Finding, good, warning } from "./finding.ts";
import { openProjectSandbox } from "./open-sandbox.ts";
import { readOverrides } from "./settings.ts";
import { hang, print, printJson, style } from "./print.ts";

/** Returns the exit status: 0 when a run could begin, 2 when it could not. */
export async function doctor(options: { readonly cwd: string; readonly json: boolean }): Promise<number> {
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (!options.json) printFinding(finding);
  };
  tell(good("node", process.version));
  await examine(options.cwd, tell);
  const isBad = findings.some((finding) => finding.level === "bad");
  if (options.json) printJson({ ready: !isBad, findings });
  else print(`\n${isBad ? "A run cannot begin yet: see above." : outlookOf(findings)}`);
  return isBad ? 2 : 0;
}

function outlookOf(findings: readonly Finding[]): string {
  const isHeld = findings.some(({ check }) => check === "lease");
  return isHeld
    ? "A run can begin once the supervisor that holds the lease has ended."
    : "A run can begin: ralphwright run";
}

async function examine(cwd: string, tell: (finding: Finding) => void): Promise<void> {
  let project: Project;
  try {
    tell(good("git", await gitVersion(cwd)));
    project = await openProject(cwd, readOverrides({}, process.env));
    const gates = project.config.gates.map((gate) => gate.name).join(", ");
    tell(good("configuration", `gates ${gates}; target ${project.config.target}`));
    await requireTarget(project);
  } catch (error) {
    return tell(bad("project", explain(error)));
  }
  for (const look of [
    lookAtIdentity,
    lookAtCheckout,
    lookAtRemote,
    lookAtState,
    lookAtLease,
    lookAtJournal,
    lookAtObjects,
    lookAtAgent,
    lookAtMoney,
    withRoom("sandbox", lookAtSandbox),
    lookAtReports,
    lookAtDrill,
    lookAtQueue,
    withRoom("gates", lookAtGates),
  ]) {
    try {
      for (const finding of await look(project)) tell(finding);
    } catch (error) {
      tell(bad("project", explain(error)));
    }
  }
}

function explain(error: unknown): string {
  const hint = error instanceof RalphError && error.hint !== null ? ` ${error.hint}` : "";
  return messageOf(error) + (hint === "" ? "" : `.${hint}`);
}

type Look = (project: Project) => Promise<readonly Finding[]> | readonly Finding[];

/** What is tried out is written down: without room it would fail for a reason that is not its own. */
const withRoom =
  (check: string, look: Look): Look =>
  (project) =>
    isFull(project.state.path) ? [bad(check, "not tried: the disk is full")] : look(project);

const lookAtIdentity: Look = async (project) => {
  await requireCommitter(project);
  return [];
};

const lookAtCheckout: Look = async (project) => {
  const checkouts = await listTargetCheckouts(project);
  if (checkouts.length === 0) return [good("checkout", `${project.config.target} is checked out nowhere`)];
  const dirty = checkouts.flatMap((checkout) => checkout.dirty);
  if (dirty.length === 0) return [good("checkout", "clean; landings will fast-forward it")];
  return [bad("checkout", `uncommitted changes in ${dirty.slice(0, 5).join(", ")}: commit or stash them`)];
};

const lookAtRemote: Look = async (project) => {
  const { git, config } = project;
  await requireRemote(project);
  const remote = remoteOf(project);
  if (remote === null) return [];
  const tip = commitSha((await git.run(["rev-parse", "--verify", `refs/heads/${config.target}`])).trim());
  const refused = await remote.tryOut(tip);
  if (refused !== null) return [bad("remote", refused)];
  return [good("remote", `${remote.name} is reached, and lets a push in as far as a dry run tells`)];
};

/** Each landing leaves a dozen; beyond this, git looks for each object in crowded folders. */
const looseObjectsMax = 50_000;

const lookAtObjects: Look = async ({ git }) => {
  const count = Number(/^count: (\d+)$/m.exec(await git.run(["count-objects", "-v"]))?.[1] ?? 0);
  if (count <= looseObjectsMax) return [];
  return [
    warning("repository", `${count} loose objects slow git down: git maintenance run --task=loose-objects`),
  ];
};

const lookAtState: Look = ({ state, git, config }) => {
  const rooms = lookAtDisks([state.path, git.gitDir]);
  const full = diskStop(rooms, config.limits.disk);
  const place = describePlace(state.path);
  return [
    ...(place === null ? [] : [warning("state", place)]),
    full === null
      ? good("state", `${state.path} (${formatBytes(rooms[0]?.freeBytes ?? 0)} free)`)
      : bad("state", `${full.reason}: no attempt would start`),
  ];
};

/** In the words in which a run would be refused. */
const lookAtLease: Look = ({ state }) => {
  const refusal = refusalByHolder(state.lease);
  return refusal === null ? [] : [warning("lease", explain(refusal))];
};

/** A run reads all of it first, and refuses a broken one. */
const lookAtJournal: Look = ({ state }) => {
  try {
    readState(state.journal);
    return [];
  } catch (error) {
    return [bad("journal", explain(error))];
  }
};

const lookAtMoney: Look = ({ config }) => {
  const message = moneyWarning(config);
  return message === null ? [] : [warning("money", message)];
};

const lookAtReports: Look = ({ config }) =>
  judgedByExitCode(config.gates).map(({ name, run }) =>
    warning(
      "reports",
      `${name} is judged by its exit code alone, so a test that vanished is not noticed; ${reportAdvice(run)}`,
    ),
  );

/** A gate that was never seen red proves little. */
const lookAtDrill: Look = (project) => {
  const record = currentDrill(project);
  if (record === null)
    return [warning("drill", `the gates were never drilled as they are now: ${drillCommand}`)];
  const { caught, total } = record;
  if (caught === total && total > 0) return [good("drill", `${caught}/${total} known-bad changes caught`)];
  const classes = [...new Set(record.missed.map((missed) => missed.class))].join(", ");
  return [
    warning("drill", `${caught}/${total} known-bad changes caught, missed: ${classes}; ${drillCommand}`),
  ];
};

const lookAtQueue: Look = async (project) => {
  const source = openQueue(project);
  try {
    const { tasks, problems } = await source.read();
    const inReview = await listReviews(project);
    const { ready, waiting, blocked } = resolveQueue(tasks, new Set(), inReview);
    const reviews = [...waiting.values()].filter(({ kind }) => kind === "review").length;
    const counts = [
      `${ready.length} ready`,
      `${waiting.size - reviews} waiting`,
      `${blocked.length} blocked`,
      ...(reviews === 0 ? [] : [`${reviews} in review`]),
    ].join(", ");
    return [good("queue", counts), ...problems.map((problem) => warning("queue", problemText(problem)))];
  } finally {
    await source[Symbol.asyncDispose]();
  }
};

/** Nothing is landed here, so nothing may be journaled. */
const noJournal: Journal = {
  append() {
    throw new RalphError("usage", "doctor does not write the journal");
  },
};

/** Whatever gates leave becomes objects of the repository. */
const lookAtGates: Look = async (project) => {
  const isWritable = await requireWritable(project).then(
    () => true,
    () => false,
  );
  return isWritable ? tryGates(project) : [bad("gates", "not tried: the repository cannot be written")];
};

const tryGates: Look = async (project) => {
  const queue = openQueue(project);
  const stop = new AbortController();
  try {
    const { tasks } = await queue.read();
    const [task] = resolveQueue(tasks, new Set()).ready;
    const log = { write: () => {} };
    await using sandbox = await openProjectSandbox(project).catch((error: unknown) => {
      if (isWithoutSandbox(error)) return null;
      throw error;
    });
    if (sandbox === null) return [bad("gates", "not tried: there is no sandbox to run them in")];
    const ports = composePorts(project, { journal: noJournal, queue, log, signal: stop.signal, sandbox });
    const logFolder = logFolderOf(project, "doctor");
    const { config } = project;
    const { signal } = stop;
    await using workspaces = ports.workspaces;
    void workspaces;
    const scope = { ports, config, run: "doctor", signal, ...createShared(), logFolder };
    const tip = await ports.target.tip();
    const baseline =
      task === undefined ? await checkGates(scope, null, tip) : await checkBaseline(scope, task, tip);
    return [
      baseline.kind === "green" ? good("gates", "green at the baseline") : bad("gates", baseline.reason),
    ];
  } finally {
    project.git[Symbol.dispose]();
    await queue[Symbol.asyncDispose]();
  }
};

function printFinding({ check, level, message }: Finding): void {
  const marks = { good: style("green", "✔"), warning: style("yellow", "!"), bad: style("red", "✘") };
  print(`${marks[level]} ${check.padEnd(14)}${hang(message, 16)}`);
}
