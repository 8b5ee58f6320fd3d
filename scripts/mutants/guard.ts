/** Mutants of what a change may touch: the guard's rules, one by one, and the supervisor's own files. */
import type { Mutant } from "./mutant.ts";

const guarding = "src/supervisor/guarding.ts";
const contents = "src/supervisor/guarding-contents.ts";
const guardingTest = "test/supervisor/guarding.test.ts";
const cheatingTest = "test/supervisor/cheating.test.ts";
const allAtOnce = {
  file: guardingTest,
  title: "tells all that is wrong with a change at once, so that one round can mend it",
};
const signsAndShadows = {
  file: guardingTest,
  title: "refuses signs of the runner and files in the way of modules, unless they are allowed",
};

export const guardMutants: readonly Mutant[] = [
  {
    name: "no-guard",
    removes: "Nobody looks at what a change touches before it is judged.",
    edits: [
      {
        file: "src/supervisor/judge.ts",
        find: "if (guarded !== null) return",
        replace: `if (guarded === "") return`,
      },
    ],
    killedBy: { file: cheatingTest, title: "refuses a nested repository and a link out of the repository" },
  },
  {
    name: "protected-paths",
    removes: "A change may touch protected paths.",
    edits: [{ file: guarding, find: "    ...[...shut].map(protectedFinding),\n", replace: "" }],
    killedBy: {
      file: cheatingTest,
      title: "refuses a protected file, and takes it from a task that allows it",
    },
  },
  {
    name: "configuration-unprotected",
    removes: "A change may rewrite the configuration that names the gates.",
    edits: [
      {
        file: "src/core/guard/default-protect.ts",
        find: `const supervisor = "ralph.config.yaml";`,
        replace: `const supervisor = "ralph.yaml";`,
      },
    ],
    killedBy: {
      file: cheatingTest,
      title: "says which tests vanished, which were skipped and which file is protected",
    },
  },
  {
    name: "nested-repositories",
    removes: "A change may hold a repository whose files no gate sees.",
    edits: [
      {
        file: guarding,
        find: "    ...touched.flatMap(({ path, mode }) => gitlinkFinding(path, mode) ?? []),\n",
        replace: "",
      },
    ],
    killedBy: { file: cheatingTest, title: "refuses a nested repository and a link out of the repository" },
  },
  {
    name: "manifest-keys",
    removes: "A change may rewrite the scripts that gates run from.",
    edits: [
      {
        file: "src/core/guard/manifest.ts",
        find: "if (changed.length === 0) return null;",
        replace: "if (changed.length >= 0) return null;",
      },
    ],
    killedBy: {
      file: "test/core/guard/manifest.test.ts",
      title: "may change neither its scripts nor what configures a tool: gates run from them",
    },
  },
  {
    name: "manifests-not-compared",
    removes: "A changed manifest is not compared with the base's.",
    edits: [{ file: contents, find: "isManifest(path) ? compareManifests(file) : null,", replace: "null," }],
    killedBy: { file: guardingTest, title: "compares a package.json with the one of the base" },
  },
  {
    name: "gate-programs",
    removes: "A change may rewrite the program that a gate runs.",
    edits: [
      {
        file: contents,
        find: "(gate === undefined || isTest ? null : gateFileFinding(path, gate)),",
        replace: "(gate === undefined || isTest || gate !== null ? null : gateFileFinding(path, gate)),",
      },
    ],
    killedBy: allAtOnce,
  },
  {
    name: "gate-imports",
    removes: "A change may rewrite what the program that a gate runs loads.",
    edits: [
      {
        file: guarding,
        find: "gateFiles: await followGateFiles(ports.target, candidate.base, named),",
        replace:
          "gateFiles: named.size < 0 ? await followGateFiles(ports.target, candidate.base, named) : named,",
      },
    ],
    killedBy: {
      file: guardingTest,
      title: "follows a gate's script into the files that it loads, from one to the next",
    },
  },
  {
    name: "shadowing",
    removes: "A change may put a file in the way of a module that a gate loads.",
    edits: [{ file: contents, find: "shadowFinding(file, change.scriptFolders) ??", replace: "null ??" }],
    killedBy: signsAndShadows,
  },
  {
    name: "runner-signs",
    removes: "A source may know that it is tested, and reach for what runs its tests.",
    edits: [{ file: contents, find: "    ...signFindings(file),\n", replace: "" }],
    killedBy: signsAndShadows,
  },
  {
    name: "weakened-tests",
    removes: "A change may remove, skip or weaken tests as far as no report tells.",
    edits: [{ file: contents, find: "    ...testFindings(file, movedTo),\n", replace: "" }],
    killedBy: allAtOnce,
  },
  {
    name: "changed-snapshots",
    removes: "A change may rewrite the snapshots that tests compare with.",
    edits: [
      {
        file: contents,
        find: "if (isSnapshot(path)) return [snapshotFinding(file)].filter((finding) => finding !== null);",
        replace: "if (isSnapshot(path)) return [];",
      },
    ],
    killedBy: allAtOnce,
  },
  {
    name: "secrets-in-code",
    removes: "A change may add a secret.",
    edits: [{ file: contents, find: "...(await secretFindings(change, secrets)), ", replace: "" }],
    killedBy: allAtOnce,
  },
  {
    name: "silenced-tools",
    removes: "A change may silence a linter or a compiler by a comment.",
    edits: [{ file: contents, find: ", ...silencerFindings(silenced)]", replace: "]" }],
    killedBy: allAtOnce,
  },
  {
    name: "binary-files",
    removes: "A change may add what nobody can review.",
    edits: [{ file: contents, find: "if (kind !== null) return [kind];", replace: "" }],
    killedBy: allAtOnce,
  },
  {
    name: "clashing-names",
    removes: "A change may add a name that is another file's on other systems.",
    edits: [{ file: guarding, find: "    ...(await findNames(change)),\n", replace: "" }],
    killedBy: allAtOnce,
  },
  {
    name: "hidden-files",
    removes: "A change may hide tests from git, or from an archive, by .gitignore and .gitattributes.",
    edits: [{ file: contents, find: ", ...(await others(file)));", replace: ");" }],
    killedBy: allAtOnce,
  },
  {
    name: "escaping-links",
    removes: "A link may lead out of the repository.",
    edits: [
      {
        file: guarding,
        find: "if (after.size === 0) return [];",
        replace: "if (after.size >= 0) return [];",
      },
    ],
    killedBy: { file: guardingTest, title: "refuses a link that leads out through another link" },
  },
  {
    name: "removed-links-overlooked",
    removes: "A link that is taken away may let another one lead out of the repository.",
    edits: [
      { file: guarding, find: "mode === symlinkMode || mode === null)", replace: "mode === symlinkMode)" },
    ],
    killedBy: {
      file: guardingTest,
      title: "refuses to take away a link without which another one leads out",
    },
  },
  {
    name: "own-files-not-put-back",
    removes: "What an agent wrote into task files and progress file is sealed with its work.",
    edits: [
      {
        file: "src/adapters/git/git-workspaces.ts",
        find: "    if (ours.length > 0) {",
        replace: "    if (ours.length < 0) {",
      },
    ],
    killedBy: { file: cheatingTest, title: "never lets a task allow its own file or the progress file" },
  },
  {
    name: "task-allows-its-own-file",
    removes: "A task may allow its own file, and with it its status.",
    edits: [
      {
        file: "src/supervisor/attempt.ts",
        find: "if (path === config.progress.file || path === task.file) return true;",
        replace: "",
      },
    ],
    killedBy: { file: cheatingTest, title: "never lets a task allow its own file or the progress file" },
  },
];
