/** Protections of a daemon: its door, its pauses, its configuration, and how it ends. */
import type { Mutant } from "./mutant.ts";

const door = "src/adapters/control/door.ts";
const doorTest = "test/adapters/control/door.test.ts";
const halt = "src/core/halt.ts";
const pauseTest = "test/core/pause.test.ts";
const daemonTest = "test/supervisor/daemon.test.ts";

export const daemonMutants: readonly Mutant[] = [
  {
    name: "door-for-all",
    removes: "Whoever may enter the state directory may tell the supervisor what to do.",
    edits: [
      { file: door, find: "process.umask(0o177)", replace: "process.umask(0)" },
      { file: door, find: "chmodSync(file, 0o600);", replace: "chmodSync(file, 0o666);" },
    ],
    killedBy: { file: doorTest, title: "answers callers, and is for its owner alone" },
  },
  {
    name: "endless-body",
    removes: "A caller's body is read however long it is.",
    edits: [{ file: door, find: "bytes <= bodyBytesMax", replace: "bytes >= 0" }],
    killedBy: { file: doorTest, title: "reads no body without end, and none that is not JSON" },
  },
  {
    name: "long-socket-path",
    removes: "A socket's path is used however long it is.",
    edits: [
      {
        file: "src/adapters/control/unix-path.ts",
        find: "Buffer.byteLength(file) <= socketBytesMax",
        replace: "file.length > 0",
      },
    ],
    killedBy: { file: doorTest, title: "works in a folder whose name is longer than a socket's may be" },
  },
  {
    name: "red-baseline-outranks-person",
    removes: "A new commit on the target ends the pause of a person.",
    edits: [
      {
        file: halt,
        find: `if (paused !== null && cause.kind !== "person") return state;`,
        replace: `if (paused !== null && cause.kind !== "person" && paused.kind !== "person") return state;`,
      },
    ],
    killedBy: { file: pauseTest, title: "keeps a person's pause when a red baseline comes after it" },
  },
  {
    name: "forgotten-pause",
    removes: "A daemon that is started again forgets that it was paused.",
    edits: [
      {
        file: "src/core/transition.ts",
        find: "run.isDaemon ? state.paused : null",
        replace: "null",
      },
    ],
    killedBy: {
      file: pauseTest,
      title: "keeps a pause over a restart of the daemon; a run that is started by hand runs",
    },
  },
  {
    name: "refused-login-pauses",
    removes: "A daemon whose login is refused waits for a person instead of ending.",
    edits: [{ file: halt, find: ` || trouble.kind === "refused"`, replace: "" }],
    killedBy: {
      file: pauseTest,
      title: "pauses instead of ending when an effect breaks, and stops all the same when a login is refused",
    },
  },
  {
    name: "bad-configuration-holds",
    removes: "A key that needs a restart holds at once, for half of the parts.",
    edits: [
      { file: "src/cli/reload.ts", find: "toConfig({ ...values, ...kept })", replace: "toConfig(values)" },
    ],
    killedBy: {
      file: "test/cli/reload.test.ts",
      title: "keeps what needs a restart, and says so",
    },
  },
  {
    name: "push-hangs-on",
    removes: "A push that hangs outlives the second signal.",
    edits: [
      {
        file: "src/adapters/git/git.ts",
        find: `signal?.addEventListener("abort", cut, { once: true });`,
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/git/cutting.test.ts",
      title: "ends a command of git's, and what it started",
    },
  },
  {
    name: "endless-grace",
    removes: "A drain may take as long as it likes.",
    edits: [
      {
        file: "src/cli/stopping.ts",
        find: "if (graceMs === null) return;",
        replace: "if (graceMs !== 0) return;",
      },
    ],
    killedBy: { file: daemonTest, title: "drains after a signal, and stops when its grace is over" },
  },
  {
    name: "tasks-of-another-branch",
    removes: "A person checks out another branch, and its tasks are worked on and land on the target.",
    edits: [
      {
        file: "src/adapters/queue/task-place.ts",
        find: "if (top === undefined) return null;",
        replace: "if (top === undefined) return opened?.source ?? null;",
      },
    ],
    killedBy: {
      file: "test/adapters/queue/task-place.test.ts",
      title: "takes no task of another branch that a person checks out",
    },
  },
  {
    name: "gates-of-another-branch",
    removes:
      "A person checks out another branch, and a daemon judges by the gates that are configured there.",
    edits: [{ file: "src/cli/reload.ts", find: "branch.require();", replace: "" }],
    killedBy: {
      file: "test/cli/reload.test.ts",
      title: "takes no configuration from another branch that a person checks out",
    },
  },
  {
    name: "unreadable-folder-ends-all",
    removes: "A tasks folder that cannot be read for a moment ends the daemon and every agent.",
    edits: [
      {
        file: "src/adapters/queue/task-folder.ts",
        find: 'return trouble === "ENOENT" ? [] : [{ path: folder, trouble }];',
        replace: 'if (trouble === "ENOENT") return [];\n    throw error;',
      },
    ],
    killedBy: {
      file: "test/adapters/queue/task-folder.test.ts",
      title: "tells of a folder that cannot be read as a problem, and reads it when it can be",
    },
  },
];
