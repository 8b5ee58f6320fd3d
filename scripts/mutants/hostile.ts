/** Mutants of what hostile agents found: ways out of the sandbox, and files that git waits for. */
import type { Mutant } from "./mutant.ts";

const bubblewrap = "src/adapters/sandbox/bubblewrap.ts";
const resources = "src/adapters/sandbox/resources.ts";
const hostile = "test/hostile/hostile.test.ts";
const links = "test/hostile/links.test.ts";
const pipes = "test/adapters/git/pipe-watch.test.ts";

export const hostileMutants: readonly Mutant[] = [
  {
    name: "kernel-settings-writable",
    removes:
      "Where ralphwright runs as root, programs in the sandbox write the machine's settings in /proc/sys.",
    edits: [
      { file: bubblewrap, find: "    ...kernelMounts(),\n", replace: "    ...kernelMounts().slice(0, 0),\n" },
    ],
    killedBy: {
      file: hostile,
      title: "contains an agent that chooses in /proc what root runs when a program crashes",
    },
  },
  {
    name: "more-user-namespaces",
    removes: "Where ralphwright runs as root, programs in the sandbox mount the machine's cgroups.",
    edits: [
      {
        file: bubblewrap,
        find: `const noMoreUsers = ["--disable-userns"];`,
        replace: `const noMoreUsers: string[] = [];`,
      },
    ],
    killedBy: {
      file: hostile,
      title: "contains an agent that undoes mounts and mounts cgroups, /proc and /sys in a user namespace",
    },
  },
  {
    name: "kernel-keys-open",
    removes: "Programs in the sandbox read what is in the session keyring of whoever started the run.",
    edits: [{ file: bubblewrap, find: `["--seccomp", "6"]`, replace: "[]" }],
    killedBy: {
      file: "test/adapters/sandbox/key-filter.test.ts",
      title: "the keyring of whoever started us is out of reach, and other calls are not",
    },
  },
  {
    name: "descriptors-handed-on",
    removes: "What whoever started the supervisor had left open is open in the sandbox.",
    edits: [{ file: bubblewrap, find: "<= ${last})) ||", replace: "<= 99)) ||" }],
    killedBy: {
      file: hostile,
      title: "contains an agent that uses what whoever started the supervisor had left open",
    },
  },
  {
    name: "begins-without-a-supervisor",
    removes: "A program begins although its supervisor was killed while the sandbox was made.",
    edits: [{ file: bubblewrap, find: "[[ \\${told[-1]} == ${lastWord} ]]", replace: "true" }],
    killedBy: {
      file: "test/adapters/sandbox/contained-group.test.ts",
      title: "begins nothing for a supervisor that is gone: whoever is not told to go on ends",
    },
  },
  {
    name: "limits-within-reach",
    removes:
      "A program is in the very cgroup that limits it, and can lift the limits where it can mount that.",
    edits: [
      {
        file: resources,
        find: 'join(folder, inner, "cgroup.procs")',
        replace: 'join(folder, "cgroup.procs")',
      },
    ],
    killedBy: { file: links, title: "hold when it has lifted them, and nothing of what it made there stays" },
  },
  {
    name: "git-waits-for-a-pipe",
    removes: "A git that waits for a pipe of an agent's is left to wait.",
    edits: [
      {
        file: "src/adapters/git/pipe-watch.ts",
        find: "if (pipe !== null && !isOver)",
        replace: "if (pipe === '' && !isOver)",
      },
    ],
    killedBy: { file: pipes, title: "refuses a workspace in which git would wait for the pipe" },
  },
];
