/** Turns the call of a known test runner into one that ends by itself and writes a JUnit report. */
import { makeGate, type Manifest, reportFile, type SurveyGate } from "./survey-part.ts";

export interface RunnerProject {
  readonly manifest: Manifest;
  /** What stands before the name of an installed program, such as `npx `. */
  readonly exec: string;
}

/** A plain call of one program: environment in front, words behind. */
interface Call {
  readonly environment: string;
  readonly program: string;
  readonly words: readonly string[];
}

/** Null when the command is more than one plain call: then it is run as it stands. */
function plainCall(text: string): Call | null {
  if (/[;&|<>`\n]|\$\(|\$npm_/.test(text)) return null;
  const [, environment = "", rest = ""] =
    /^((?:(?:cross-env|[A-Z_][A-Z0-9_]*=\S*)\s+)*)(?:(?:npx|pnpm exec|pnpm|yarn)\s+)?(.*)$/.exec(
      text.trim(),
    ) ?? [];
  const [program = "", ...words] = rest.split(/\s+/);
  return { environment: environment.replace(/cross-env\s+/g, ""), program, words };
}

/** The call of a known test runner, so that it ends by itself and writes its report; null for any other command. */
export function reportingGate(project: RunnerProject, text: string): SurveyGate | null {
  const call = plainCall(text);
  if (call === null) return null;
  const { environment, program } = call;
  const runner = runners[program];
  const installed = builtIn.has(program) || project.manifest.dependencies.has(packageOf[program] ?? program);
  const made = installed ? runner?.(withoutReporters(call), project) : undefined;
  if (made === undefined || made === null) return null;
  const run = [builtIn.has(program) ? program : `${project.exec}${program}`, ...made.words].join(" ");
  return makeGate("tests", `${made.environment ?? ""}${environment}${run}`, made.report);
}

/** As npm runs a script: programs of the project are found by their names. */
const withModules = 'export PATH="$PWD/node_modules/.bin:$PATH"';

/**
 * Commands joined by `&&`, exactly one of them a known test runner: the same chain with that runner's report, without
 * the commands that are gates of their own. Null for anything else: then it is run as it stands.
 */
export function reportingChain(
  project: RunnerProject,
  text: string,
  isCovered: (command: string) => boolean,
): SurveyGate | null {
  const commands = text.split("&&").map((command) => command.trim());
  if (commands.some((command) => !isWhole(command))) return null;
  const open = commands.filter((command) => !isCovered(command));
  const reporting = open.map((command) => {
    const made = reportingGate(project, command);
    return made?.report === "junit" ? made : null;
  });
  const [only, ...more] = reporting.filter((made) => made !== null);
  if (only === undefined || more.length > 0) return null;
  if (open.length === 1) return only;
  const run = only.run.includes("||") ? `(${only.run})` : only.run;
  const chain = open.map((command, index) => (reporting[index] === null ? command : run));
  return { ...only, run: [withModules, ...chain].join(" && ") };
}

/** False for a piece that `&&` was cut out of, and for one that does more than run a program. */
const isWhole = (command: string): boolean =>
  command !== "" &&
  !/[;&|<>`\n()]|\$npm_/.test(command) &&
  ['"', "'"].every((quote) => command.split(quote).length % 2 === 1);

const builtIn: ReadonlySet<string> = new Set(["node", "bun", "deno"]);
/** Where the program is called otherwise than its package. */
const packageOf: Readonly<Record<string, string>> = { playwright: "@playwright/test" };
const reporterFlag =
  /^(--(reporters?|reporter-options?|reporter-file|junit-path|outputFile|test-reporter(-destination)?)|-R|-O)$/;
const watchFlag = /^(--(watch|watchAll|ui|open|run|onlyChanged|changed)(=.*)?|-o)$/;

/** Drops what would watch for ever, test only a part, or write another report. */
function withoutReporters({ program, words }: Call): readonly string[] {
  return words.filter((word, index) => {
    const name = word.split(/=|(?<=outputFile)\./)[0] ?? word;
    const isValue = reporterFlag.test(words[index - 1] ?? "") && !word.startsWith("-");
    const shortWatch = word === "-w" && program !== "jest";
    return !reporterFlag.test(name) && !isValue && !watchFlag.test(word) && !shortWatch;
  });
}

interface RunnerCall {
  readonly environment?: string;
  readonly words: readonly string[];
  readonly report: "junit" | null;
}
type Runner = (words: readonly string[], project: RunnerProject) => RunnerCall | null;

const runners: Readonly<Record<string, Runner>> = {
  vitest: (words) => {
    if (["bench", "list", "related", "init"].includes(words[0] ?? "")) return null;
    const rest = ["run", "watch", "dev"].includes(words[0] ?? "") ? words.slice(1) : words;
    const reporters = ["--reporter=default", "--reporter=junit", `--outputFile.junit=${reportFile}`];
    return { words: ["run", ...rest, ...reporters], report: "junit" };
  },
  jest: (words, { manifest }) => {
    if (!manifest.dependencies.has("jest-junit")) return { words, report: null };
    const reporters = ["--reporters=default", "--reporters=jest-junit"];
    return {
      // Without the file, tests of two files can have the same name.
      environment: `JEST_JUNIT_OUTPUT_FILE=${reportFile} JEST_JUNIT_ADD_FILE_ATTRIBUTE=true `,
      words: [...words, ...reporters],
      report: "junit",
    };
  },
  // Mocha has one reporter at a time: what failed is printed from the report afterwards.
  mocha: (words) => ({
    words: [
      ...words,
      `--reporter xunit --reporter-option output=${reportFile}`,
      `|| { cat ${reportFile}; exit 1; }`,
    ],
    report: "junit",
  }),
  tap: (words) => ({
    words: [...words, `--reporter=junit --reporter-file=${reportFile}`, `|| { cat ${reportFile}; exit 1; }`],
    report: "junit",
  }),
  playwright: (words) =>
    words[0] === "test"
      ? {
          environment: `PLAYWRIGHT_JUNIT_OUTPUT_NAME=${reportFile} `,
          words: [...words, "--reporter=list,junit"],
          report: "junit",
        }
      : null,
  deno: (words) =>
    words[0] === "test"
      ? { words: ["test", `--junit-path=${reportFile}`, ...words.slice(1)], report: "junit" }
      : null,
  node: (words) => {
    if (!words.includes("--test")) return null;
    const screen = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
    const junit = ["--test-reporter=junit", `--test-reporter-destination=${reportFile}`];
    return { words: [...screen, ...junit, ...words], report: "junit" };
  },
  tsx: (words, node) => runners["node"]?.(words, node) ?? null,
  bun: (words) =>
    words[0] === "test"
      ? { words: [...words, "--reporter=junit", `--reporter-outfile=${reportFile}`], report: "junit" }
      : null,
};
