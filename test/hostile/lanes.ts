/** Lanes: real runs of `ralphwright run`, each with a queue of tasks whose agents mean harm. */
import { join } from "node:path";
import { openResources } from "../../src/adapters/sandbox/resources.ts";
import { createWorld, type World, type WorldOptions } from "../support/world.ts";
import { catalogue, type Hostile, type Lane } from "./catalogue.ts";
import type { Outside } from "./outside.ts";

export interface LaneResult extends AsyncDisposable {
  readonly world: World;
  readonly status: number | null;
  readonly stderr: string;
}

const act = join(import.meta.dirname, "act.sh");
const recordings = "recordings";

/** What tasks' programs are told of the world outside, so that they need not search for it. */
const names = ["OUTSIDE", "OUTSIDE_HOME", "REPO", "STATE", "CHECKS", "TEST_PID", "PORT", "ID", "SLEEP"];

/** Not without a sandbox: see act.sh. */
const gateScript = `read first </proc/1/comm
if [ "$first" != bwrap ] || [ -w /usr ]; then exit 98; fi
mkdir -p "$(dirname "$RALPH_REPORT")"
echo '<testsuite><testcase name="one"/></testsuite>' >"$RALPH_REPORT"
for test in test/*.*; do
  case $test in *.sh) bash --norc "$test" || exit 1 ;; esac
done
if grep -rn BROKEN src; then exit 1; fi
grep -qx clean deps/part
`;

/** Small, so that what runs into them does so soon. */
const attempt = { processes: 96, file: "8MiB", idle: "5m", usd: 5, turns: 50 };
/** Where rlimits hold it, it is counted in addresses, of which Node reserves many. */
const memory = (): object => (hasCgroups ? { memory: "192MiB" } : {});

const wallOf: Readonly<Record<Lane, string>> = {
  plain: "90s",
  endless: "8s",
  protocol: "60s",
  gate: "90s",
  builtin: "90s",
};

function optionsOf(lane: Lane, tasks: readonly Hostile[], outside: Outside): WorldOptions {
  const agentOf = {
    kind: "command",
    command: ["bash", "--norc", act],
    protocol: lane === "protocol" ? "ralph-agent/1" : "plain",
    env: [...names, "HOSTILE_MANNER", "HOSTILE"],
  };
  return {
    tasks: Object.fromEntries(
      tasks.map(({ file, after }) => [
        nameOf(file),
        tasks.some((each) => nameOf(each.file) === after) ? `depends_on: [${after}]` : "",
      ]),
    ),
    files: {
      "check.sh": gateScript,
      "src/part.txt": "a part\n",
      "test/kept.txt": "a test\n",
      ".gitignore": "deps/\n",
      ".ralphignore": "",
      ...(lane === "builtin" ? recordingsOf(tasks, outside) : {}),
    },
    config: {
      agent: lane === "builtin" ? { kind: "replay", recordings } : agentOf,
      workspace: { setup: "mkdir -p deps && echo clean > deps/part", setup_inputs: [], keep: ["deps"] },
      gates: [
        {
          name: "tests",
          run: "sh check.sh",
          report: "junit",
          timeout: lane === "gate" ? "12s" : "60s",
          env: names,
        },
      ],
      checks_dir: outside.checks,
      // A door that leads nowhere, for the lane in which somebody rattles at it.
      sandbox: { egress: lane === "protocol" ? ["allowed.invalid"] : [] },
      concurrency: lane === "endless" ? 4 : 2,
      limits: {
        attempts: 1,
        rounds: 0,
        attempt: { ...attempt, ...memory(), wall: wallOf[lane] },
        run: { failures_in_a_row: 1000 },
      },
    },
  };
}

export const nameOf = (file: string): string => file.replace(/\.\w+$/, "");

/** A model that does what it reads, whoever wrote it. */
function recordingsOf(tasks: readonly Hostile[], outside: Outside): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tasks.map(({ file, commands = [] }) => {
      const steps = [...commands, `echo done >src/${nameOf(file)}.txt`].map((command) =>
        answer("bash", { command: `${outside.exports}\n${command}` }),
      );
      const end = answer("done", {
        status: "complete",
        summary: "Done as the file says.",
        learnings: [],
        verification: [],
      });
      return [`${recordings}/${nameOf(file)}/1.jsonl`, `${[...steps, end].join("\n")}\n`];
    }),
  );
}

const answer = (name: string, input: object): string =>
  JSON.stringify({ type: "assistant", content: [{ type: "tool_use", name, input }] });

/** Whether memory and processes are held here for all that a program starts. */
const trial = { memoryBytes: 2 ** 30, processesMax: 100, fileBytesMax: 2 ** 30 };
const hasCgroups = openResources("hostile", trial).warnings.length === 0;

export const tasksOf = (lane: Lane): readonly Hostile[] =>
  catalogue.filter((each) => each.lane === lane && (hasCgroups || each.needsCgroup !== true));

export interface LaneOrder {
  readonly lane: Lane;
  readonly tasks: readonly Hostile[];
  /** What no test asks for: only where another sandbox is around all of it. */
  readonly isOpen?: boolean;
}

export async function runLane(
  { lane, tasks, isOpen = false }: LaneOrder,
  outside: Outside,
): Promise<LaneResult> {
  const options = optionsOf(lane, tasks, outside);
  const config = isOpen ? { ...options.config, sandbox: "off" } : options.config;
  const world = await createWorld({ ...options, ...(config === undefined ? {} : { config }) });
  outside.prepare(world);
  const run = await world.run({
    args: ["--log", "plain"],
    open: outside.checks,
    env: { ...outside.env(world), HOSTILE_MANNER: lane },
  });
  return {
    world,
    status: run.status,
    stderr: run.stderr,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
