/** Mutants of what keeps agents and gates in their place: what of theirs runs, is believed, kept or seen. */
import type { Mutant } from "./mutant.ts";

const workspaces = "src/adapters/git/git-workspaces.ts";
const workspacesTest = "test/adapters/git/git-workspaces.test.ts";
const provingTest = "test/supervisor/proving.test.ts";

export const agentMutants: readonly Mutant[] = [
  {
    name: "agents-index-believed",
    removes: "Sealing starts from the index in the agent's directory, which can hide changes.",
    edits: [
      {
        file: workspaces,
        find: "    await restoreIndex(slot, index);\n    const staged",
        replace: `    await process.getBuiltinModule("node:fs/promises").copyFile(join(workTree, ".git", "index"), index);\n    const staged`,
      },
    ],
    killedBy: {
      file: workspacesTest,
      title: "does not believe the agent's index, commits, branches or objects",
    },
  },
  {
    name: "agents-repository-believed",
    removes: "Files are staged by the `.git` of the directory, with its configuration, filters and hooks.",
    edits: [
      {
        file: workspaces,
        find: `const place = { workTree, index, signal`,
        replace: `const place = { checkout: workTree, index, signal`,
      },
    ],
    killedBy: {
      file: "test/adapters/git/git-traps.test.ts",
      title: "runs nothing that a workspace, a nested repository or a submodule configures",
    },
  },
  {
    name: "replaced-workspace",
    removes: "Another directory in the place of the workspace is sealed as if it were it.",
    edits: [
      { file: workspaces, find: "if ((await identify(tree)) !== identity)", replace: `if (identity === "")` },
    ],
    killedBy: {
      file: "test/supervisor/breakdown.test.ts",
      title: "refuses the work of an agent that replaces-the-workspace and goes on with the queue",
    },
  },
  {
    name: "agent-runs-while-judged",
    removes: "An agent that waits for its verdict is not stopped meanwhile.",
    edits: [
      {
        file: "src/adapters/agent/agent-protocol.ts",
        find: `  if (stop.kind === "claimed") await group.freeze();\n`,
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/agent/agent-protocol.test.ts",
      title: "lets nothing of the agent run from its claim to its verdict",
    },
  },
  {
    name: "strays-live-on",
    removes: "Processes that left the group of an agent or a gate outlive it.",
    edits: [
      {
        file: "src/adapters/process/process-group.ts",
        find: "if (told === null || told.first === null) await killStrays(mark);",
        replace: "if (told === null || told.first === null) return;",
      },
    ],
    killedBy: {
      file: "test/adapters/process/process-group.test.ts",
      title: "leaves no process behind: neither children nor those that left the group",
    },
  },
  {
    name: "whole-environment",
    removes: "Agents and gates get every variable of the supervisor's own environment.",
    edits: [
      {
        file: "src/adapters/process/environment.ts",
        find: `(wanted.has(name) || name.startsWith("LC_"))`,
        replace: `(wanted.size > 0 || name.startsWith("LC_"))`,
      },
    ],
    killedBy: {
      file: "test/adapters/process/process-group.test.ts",
      title: "gives a program only what the allow-list and the configuration name",
    },
  },
  {
    name: "dependencies-under-judgement-stored",
    removes: "What setup makes for a commit under judgement is used again for others.",
    edits: [
      {
        file: "src/adapters/process/dependencies.ts",
        find: "const isStorable = mayStore && ",
        replace: "const isStorable = ",
      },
    ],
    killedBy: {
      file: "test/adapters/process/dependencies.test.ts",
      title: "keeps nothing of a setup that ran for a commit under judgement",
    },
  },
  {
    name: "candidates-trusted",
    removes: "A candidate's checkout counts as one of the target, whose dependencies may be stored.",
    edits: [
      {
        file: "src/supervisor/judge.ts",
        find: "gates, trusted: false, logFolder, purpose,",
        replace: "gates, trusted: true, logFolder, purpose,",
      },
    ],
    killedBy: {
      file: "test/supervisor/setup.test.ts",
      title: "stores no dependencies that a change had a hand in",
    },
  },
  {
    name: "old-reports",
    removes: "A report that lay in the checkout before the gate began counts as the gate's.",
    edits: [
      {
        file: "src/adapters/process/gate-report.ts",
        find: "after.filter((path) => !before.paths.includes(path)).toSorted();",
        replace: "after.toSorted();",
      },
    ],
    killedBy: {
      file: "test/adapters/process/gate-process.test.ts",
      title: "takes no report from the checkout that was there before, wherever else it looks like one",
    },
  },
  {
    name: "sealed-checks-in-the-workspace",
    removes: "The sealed checks lie where the agent works.",
    edits: [
      {
        file: "src/supervisor/attempt.ts",
        find: "  await workspace.provision();\n",
        replace:
          "  await workspace.provision();\n  if (task.checks !== null) await ports.checks.lay(task.checks, workspace.path);\n",
      },
    ],
    killedBy: {
      file: provingTest,
      title: "lays sealed checks over the tree for the proof alone, and shows nobody what they say",
    },
  },
  {
    name: "sealed-output-shown",
    removes: "What sealed checks print goes back to the agent as evidence.",
    edits: [
      {
        file: "src/supervisor/proving.ts",
        find: "results: task.checks === null ? gating.results : [] };",
        replace: "results: gating.results };",
      },
    ],
    killedBy: {
      file: provingTest,
      title: "lays sealed checks over the tree for the proof alone, and shows nobody what they say",
    },
  },
  {
    name: "own-check-wins",
    removes: "A file of the change may stand in the place of a sealed check.",
    edits: [
      {
        file: "src/adapters/state/sealed-checks.ts",
        find: "    await copyFile(join(from, path), join(directory, path));\n",
        replace:
          "    if (!existsSync(join(directory, path))) await copyFile(join(from, path), join(directory, path));\n",
      },
      {
        file: "src/adapters/state/sealed-checks.ts",
        find: "    await rm(join(directory, path), { recursive: true, force: true });\n    await mkdir",
        replace: "    await mkdir",
      },
      {
        file: "src/adapters/state/sealed-checks.ts",
        find: "path.startsWith(`${folder}/`)",
        replace: "path.startsWith(`${folder}//`)",
      },
    ],
    killedBy: { file: provingTest, title: "lets a check win over a file of its name that the change brings" },
  },
  {
    name: "company-of-checks",
    removes: "What a change adds beside a sealed check stays there while the proof runs.",
    edits: [
      {
        file: "src/adapters/state/sealed-checks.ts",
        find: "  for (const path of inTheWay) await rm",
        replace: "  for (const path of inTheWay.slice(0, 0)) await rm",
      },
    ],
    killedBy: {
      file: provingTest,
      title: "takes away what the change adds beside a check, even a file where its folder belongs",
    },
  },
  {
    name: "changed-checks-count",
    removes: "A proof counts although its sealed checks were changed while they ran.",
    edits: [
      { file: "src/supervisor/gating.ts", find: " || (await laid?.isIntact()) === false", replace: "" },
    ],
    killedBy: { file: provingTest, title: "is void when the checks are changed while they run" },
  },
  {
    name: "reports-through-links",
    removes: "A link in the place of a report is followed.",
    edits: [
      {
        file: "src/adapters/process/gate-report.ts",
        find: "open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)",
        replace: "open(file, O_RDONLY | (O_NOFOLLOW & 0) | O_NONBLOCK)",
      },
    ],
    killedBy: {
      file: "test/adapters/process/gate-process.test.ts",
      title: "reads nothing that is no file in the place of a report, and is not stopped by it",
    },
  },
  {
    name: "repository-hooks",
    removes: "A landing runs the hooks that lie in the repository.",
    edits: [{ file: "src/adapters/git/git.ts", find: `  "core.hooksPath=/dev/null",\n`, replace: "" }],
    killedBy: {
      file: "test/adapters/git/git-traps.test.ts",
      title: "lands without running the repository's hooks or fsmonitor",
    },
  },
  {
    name: "callers-git-variables",
    removes: "Variables of a git that started the supervisor choose repository and index.",
    edits: [
      {
        file: "src/adapters/git/git.ts",
        find: `(!name.startsWith("GIT_") || isTheirs)`,
        replace: `(name !== "" || isTheirs)`,
      },
    ],
    killedBy: {
      file: "test/adapters/git/git-target.test.ts",
      title: "is not led astray by variables of a git that called it",
    },
  },
  {
    name: "blinded-by-settings",
    removes: "Settings of the repository may make git overlook changed files of a checkout.",
    edits: [{ file: "src/adapters/git/git.ts", find: `  "core.trustctime=true",\n`, replace: "" }],
    killedBy: {
      file: "test/adapters/git/git-workspaces.test.ts",
      title: "notices a tracked file that was rewritten in the same length with its old time",
    },
  },
];
