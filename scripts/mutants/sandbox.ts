/** Mutants of the sandbox: of what a program can see, write, reach and leave behind, and of what happens without one. */
import type { Mutant } from "./mutant.ts";

const bubblewrap = "src/adapters/sandbox/bubblewrap.ts";
const ladder = "src/adapters/sandbox/ladder.ts";
const hostile = "test/hostile/hostile.test.ts";
const ladderTest = "test/adapters/sandbox/ladder.test.ts";
const groupTest = "test/adapters/sandbox/contained-group.test.ts";
const gateTest = "test/adapters/process/gate-process.test.ts";

export const sandboxMutants: readonly Mutant[] = [
  {
    name: "network-of-the-machine",
    removes: "What is contained has the machine's network.",
    edits: [{ file: bubblewrap, find: `["--unshare-user", "--unshare-net"]`, replace: `["--unshare-user"]` }],
    killedBy: { file: hostile, title: "has reached nobody" },
  },
  {
    name: "links-in-the-home-followed",
    removes: "What is mounted in the home of an attempt follows the links that its last process left there.",
    edits: [{ file: bubblewrap, find: "  preparePlaces(mounts);\n", replace: "  void preparePlaces;\n" }],
    killedBy: {
      file: "test/hostile/links.test.ts",
      title: "follows no link that an earlier process of the attempt left in its home",
    },
  },
  {
    name: "secrets-of-etc",
    removes: "As root what only root may read in /etc can be read inside.",
    edits: [{ file: ladder, find: "...secretMounts(),", replace: "...secretMounts().slice(0, 0)," }],
    killedBy: { file: groupTest, title: "is no root inside, has no powers, and sees no secret of /etc" },
  },
  {
    name: "state-in-sight",
    removes: "The state directory can be read where a folder around it may be read.",
    edits: [
      { file: bubblewrap, find: "...hidden.filter(covers)", replace: "...hidden.filter(covers).slice(0, 0)" },
    ],
    killedBy: {
      file: groupTest,
      title: "hides the state directory, also where a folder around it may be read",
    },
  },
  {
    name: "silently-without",
    removes: "Where there is no sandbox, programs run without one.",
    edits: [
      { file: ladder, find: "throw unavailable(config.mode, refusals);", replace: "return noSandbox;" },
    ],
    killedBy: {
      file: ladderTest,
      title: "refuses to start where all is refused, in the words of each refusal",
    },
  },
  {
    name: "required-takes-less",
    removes: "`sandbox: required` takes a weaker level.",
    edits: [{ file: ladder, find: "levels.slice(0, 1)", replace: "levels" }],
    killedBy: { file: ladderTest, title: "takes no weaker level where the strongest is required" },
  },
  {
    name: "file-size-unlimited",
    removes: "A file may grow until the disk is full.",
    edits: [
      {
        file: "src/adapters/sandbox/resources.ts",
        find: "ulimit -f ${Math.ceil(limits.fileBytesMax / 1024)}",
        replace: "ulimit -f unlimited",
      },
    ],
    killedBy: {
      file: ladderTest,
      title: "takes the strongest level where nothing is refused, and limits what is written in it",
    },
  },
  {
    name: "started-before-limited",
    removes: "A program starts although its memory and processes could not be limited.",
    edits: [
      {
        file: "src/adapters/process/contained-end.ts",
        find: "if (refusal === null) view",
        replace: "if (refusal !== undefined) view",
      },
    ],
    killedBy: { file: groupTest, title: "comes before the program where its limits cannot be set" },
  },
  {
    name: "words-may-split",
    removes: "A NUL in a variable or an argument begins another argument of bubblewrap's.",
    edits: [
      {
        file: "src/adapters/sandbox/bubblewrap.ts",
        find: "[...words, ...inner].some(isSplit)",
        replace: "inner.length === 0",
      },
    ],
    killedBy: {
      file: groupTest,
      title: "comes before the program where a NUL would make two arguments of one",
    },
  },
  {
    name: "starters-outlive-their-supervisor",
    removes:
      "Bubblewrap is told of its ear before it is told what to show, and waits for it when the supervisor is gone.",
    edits: [
      {
        file: "src/adapters/sandbox/bubblewrap.ts",
        find: '    "--args",\n',
        replace: '    "--json-status-fd",\n    "3",\n    "--args",\n',
      },
    ],
    killedBy: {
      file: groupTest,
      title: "are gone when their supervisor is killed, with nobody waiting in their place",
    },
  },
  {
    name: "sandbox-failure-is-red",
    removes: "A failure of bubblewrap itself counts as the program's.",
    edits: [
      {
        file: "src/adapters/process/contained-end.ts",
        find: `return { kind: "not-started", reason: reasonOf(line) };`,
        replace: `return reasonOf(line) === "" ? { kind: "not-started", reason: "" } : exit;`,
      },
    ],
    killedBy: { file: groupTest, title: "of bubblewrap itself is neither red nor green" },
  },
  {
    name: "home-outlives-a-gate",
    removes: "Both runs of a gate have one home.",
    edits: [
      {
        file: "src/adapters/sandbox/own-place.ts",
        find: "`own-${randomUUID()}`",
        replace: "`own-${randomUUID().length}`",
      },
      {
        file: "src/adapters/sandbox/own-place.ts",
        find: "env: {}, [Symbol.asyncDispose]: () => removeAll(own)",
        replace: "env: {}, [Symbol.asyncDispose]: () => Promise.resolve()",
      },
    ],
    killedBy: {
      file: gateTest,
      title: "each run has a home and temporary files of its own, and a mark in them does not last",
    },
  },
  {
    name: "reports-of-others",
    removes: "A gate can write the report of another one.",
    edits: [
      {
        file: "src/adapters/process/gate-process.ts",
        find: "writable: [order.checkout, place.folder],",
        replace: "writable: [order.checkout, reports],",
      },
    ],
    killedBy: { file: gateTest, title: "a gate writes its own report and no other gate's" },
  },
  {
    name: "trials-left",
    removes: "What a supervisor that is killed while it tries a sandbox leaves, stays for ever.",
    edits: [
      {
        file: "src/adapters/sandbox/ladder.ts",
        find: "      sweepTrials(options.folder);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/sandbox/contained-group.test.ts",
      title: "sweeps away what a supervisor that was killed in one left",
    },
  },
];
