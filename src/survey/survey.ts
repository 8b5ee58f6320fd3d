/** What a project's own files say about its checks: gates, setup and protected files for a first configuration. */
import { surveyDeno, surveyGradle, surveyMaven, surveyPhp, surveyRuby } from "./survey-built.ts";
import { surveyGo, surveyMake, surveyRust } from "./survey-native.ts";
import { surveyNode } from "./survey-node.ts";
import { registriesOf } from "./registries.ts";
import { minutes, type Part, type ProjectFiles, type Survey, type SurveyGate } from "./survey-part.ts";
import { surveyPython } from "./survey-python.ts";

export { reportAdvice } from "./report-advice.ts";
export type { Manifest, ProjectFiles, Survey, SurveyGate } from "./survey-part.ts";

type ListKey = "setupInputs" | "keep" | "protect" | "found";

export function surveyProject(files: ProjectFiles): Survey {
  const languages = surveys.flatMap((survey) => survey(files) ?? []);
  const make = surveyMake(files, new Set(languages.flatMap(gateNames)));
  // A language without gates needs no setup, unless a make target may use it.
  const parts = [...languages.filter(({ gates }) => gates.length + make.gates.length > 0), make];
  const hints = languages.flatMap((part) => part.missing ?? []);
  const gates = cheapFirst(parts);
  const merged = (key: ListKey) => [...new Set(parts.flatMap((part) => part[key] ?? []))];
  return {
    gates,
    setup: parts.flatMap((part) => part.setup ?? []).join(" && ") || null,
    setupInputs: merged("setupInputs"),
    keep: merged("keep"),
    protect: merged("protect"),
    egress: [
      ...new Set(parts.filter(loadsPackages).flatMap(({ language }) => registriesOf(language, files))),
    ],
    found: [...merged("found"), ...gates.filter(isTests).map(testsFound)],
    missing: [...missingGates(gates), ...missingReports(gates), ...hints, ...unignored(files, parts)],
  };
}

/** Node and Python load them in set-up, and where there is none they have none; the others whenever they build. */
const loadsPackages = ({ language, setup }: Part): boolean =>
  (language !== "node" && language !== "python") || (setup ?? null) !== null;

const surveys = [
  surveyNode,
  surveyDeno,
  surveyPython,
  surveyRust,
  surveyGo,
  surveyGradle,
  surveyMaven,
  surveyPhp,
  surveyRuby,
];

const gateNames = (part: Part): readonly string[] => part.gates.map(({ name }) => name);
const isTests = ({ name }: SurveyGate): boolean => name.startsWith("tests");

/** A second language's gate gets the language in its name: names are unique in a configuration. */
function cheapFirst(parts: readonly Part[]): readonly SurveyGate[] {
  const order = Object.keys(minutes);
  const taken = new Set<string>();
  const all = parts.flatMap(({ gates, language }) => gates.map((one) => ({ one, language })));
  all.sort((a, b) => order.indexOf(a.one.name) - order.indexOf(b.one.name));
  return all.map(({ one, language }) => {
    const name = taken.has(one.name) ? `${one.name}-${language}` : one.name;
    taken.add(name);
    return { ...one, name };
  });
}

function testsFound({ name, report }: SurveyGate): string {
  if (report !== null) return `Gate ${name}: compared test by test, through a ${report} report.`;
  return `Gate ${name}: judged by its exit code alone, the weaker kind, which misses a deleted test.`;
}

function missingGates(gates: readonly SurveyGate[]): readonly string[] {
  if (gates.length === 0) return ["No gate found: nothing here checks the code in a way that init knows."];
  if (gates.some(isTests)) return [];
  return ["No test command found: without one, a change that breaks behaviour can land."];
}

const missingReports = (gates: readonly SurveyGate[]): readonly string[] =>
  gates
    .filter((gate) => isTests(gate) && gate.report === null)
    .map(({ name, advice }) => `Gate ${name} writes no test report: ${advice}.`);

/** What setup and gates write must be ignored by git, or the checkout is no longer the tree under judgement. */
function unignored(files: ProjectFiles, parts: readonly Part[]): readonly string[] {
  const lines = (files.texts.get(".gitignore") ?? "").split("\n").map((line) => line.trim());
  const ignored = new Set(lines.map((line) => line.replace(/^(\*\*)?\//, "").replace(/\/\*{0,2}$/, "")));
  // All that Python writes into `__pycache__` ends so.
  if (["*.py[cod]", "*.py[co]", "*.pyc"].some((line) => ignored.has(line))) ignored.add("__pycache__");
  const kept = parts
    .flatMap((part) => part.keep ?? [])
    .filter((path) => /^(node_modules|\.venv)$/.test(path));
  return [...kept, ...parts.flatMap((part) => writtenBy[part.language] ?? [])]
    .filter((path) => !ignored.has(path))
    .map((path) => `.gitignore does not name ${path}: add it, or gates change the tree that they judge.`);
}

// Rust's `target` is not in `keep`: cargo trusts it by file times, and those start anew in every checkout.
const writtenBy: Readonly<Record<string, readonly string[]>> = {
  python: ["__pycache__"],
  rust: ["target"],
  gradle: ["build", ".gradle"],
  maven: ["target"],
  php: ["vendor"],
  ruby: ["vendor/bundle"],
};
