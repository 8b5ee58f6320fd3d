/** Changes of source code that must turn a gate red: broken code, early ends, silenced tools, unknown packages, fakes. */
import { createDice } from "./chance.ts";
import { type Language, languageOf } from "./language.ts";
import { chooseMutants, findMutants, type Mutant } from "./mutation.ts";
import {
  absent,
  type Edit,
  forGates,
  forGuard,
  type Ground,
  type Plant,
  type Planted,
  writes,
  writesJunit,
} from "./plant.ts";

/** Broken places in one drill: enough to say something, few enough to wait for. */
const mutantsMax = 8;

export function codePlants(ground: Ground, seed: number): readonly Planted[] {
  return [
    ...brokenCode(ground, seed),
    ...appended(ground),
    typeError(ground),
    lintError(ground),
    fakeReport(ground),
  ];
}

function brokenCode({ sources, read }: Ground, seed: number): readonly Planted[] {
  const mutants = sources.flatMap((path) => findMutants(path, read(path) ?? ""));
  const chosen = chooseMutants(mutants, mutantsMax, createDice(seed));
  if (chosen.length === 0)
    return [absent("broken code", "there is no source code in a language that the drill knows")];
  return chosen.map((mutant) =>
    forGates("broken code", {
      name: `${mutant.path}:${mutant.line} ${tellChange(mutant)}`,
      edits: [writes(mutant.path, mutant.text)],
      expects: "the tests",
      advice: "add a test that notices it, or see that the test gate runs the tests of that code",
    }),
  );
}

const shownCharsMax = 24;
const shorten = (text: string): string =>
  text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax - 1)}…`;

function tellChange({ kind, was, now }: Mutant): string {
  const before = shorten(was.replaceAll(/\s+/g, " "));
  return kind === "dropped statement" ? `without ${before}` : `${before} → ${now.replace(" as never", "")}`;
}

/** The end of a file that is surely loaded, or a file beside it where the language wants it so. */
interface Addition {
  readonly class: string;
  readonly stage: Plant["stage"];
  readonly lines: Readonly<Partial<Record<Language, string>>>;
  readonly expects: string;
  readonly advice: string;
}

const reportAdvice =
  "let the test gate write a report (docs/gates.md): an exit code of 0 alone proves nothing";

/** What no type checker minds, with or without the types of Node. */
export const typedProcess = "(globalThis as unknown as { process: any }).process";
const typedFile = `${typedProcess}.getBuiltinModule("node:url").fileURLToPath((import.meta as unknown as { url: string }).url)`;

const additions: readonly Addition[] = [
  {
    class: "early exit in code",
    stage: "gates",
    lines: {
      js: "process.exit(0);",
      ts: `${typedProcess}.exit(0);`,
      python: "import os\n\nos._exit(0)",
      go: 'import "os"\n\nfunc init() { os.Exit(0) }',
      ruby: "exit!(0)",
      php: "exit(0);",
    },
    expects: "the comparison of tests with the baseline, or a missing report",
    advice: reportAdvice,
  },
  {
    class: "suppression comment",
    stage: "guard",
    lines: {
      js: "// eslint-disable-next-line no-unused-vars\nconst ralphDrillSilenced = 1;",
      ts: '// @ts-ignore\nexport const ralphDrillSilenced: number = "text";',
      python: 'ralph_drill_silenced: int = "text"  # type: ignore  # noqa',
      go: "var ralphDrillSilenced = 1 //nolint",
      rust: "#[allow(dead_code)]\nfn ralph_drill_silenced() {}",
      ruby: "ralph_drill_silenced = 1 # rubocop:disable Lint/UselessAssignment",
      php: "// @phpstan-ignore-next-line\n$ralphDrillSilenced = 1;",
    },
    expects: "the guard: a tool may not be silenced in passing",
    advice:
      "turn on the tool's own rule against suppressions without need (report-unused-disable-directives, warn_unused_ignores)",
  },
  {
    class: "unknown dependency",
    stage: "gates",
    lines: {
      js: 'import "ralphwright-drill-missing";',
      ts: 'import "ralphwright-drill-missing";',
      python: "import ralphwright_drill_missing",
      go: 'import _ "example.invalid/ralphwright/drill"',
      rust: "use ralphwright_drill_missing as _;",
      ruby: 'require "ralphwright_drill_missing"',
      php: 'require_once "ralphwright_drill_missing.php";',
    },
    expects: "any gate that loads or builds the code",
    advice: "add a gate that builds or loads all code: a compiler, a type checker, an import of the package",
  },
  {
    class: "code that rewrites itself",
    stage: "gates",
    lines: {
      js: 'import { appendFileSync as ralphDrillAppend } from "node:fs";\nralphDrillAppend(new URL(import.meta.url), "\\n");',
      ts: `${typedProcess}.getBuiltinModule("node:fs").appendFileSync(${typedFile}, "\\n");`,
      python: 'with open(__file__, "a") as ralph_drill:\n    ralph_drill.write("\\n")',
      ruby: 'File.open(__FILE__, "a") { |file| file.write("\\n") }',
      php: 'file_put_contents(__FILE__, "\\n", FILE_APPEND);',
    },
    expects: "the supervisor: a checkout that the gates changed is void",
    advice: "see that a gate runs this code: nothing loaded it",
  },
];

const commonJs: ReadonlyMap<string, string> = new Map([
  ["unknown dependency", 'require("ralphwright-drill-missing");'],
  ["code that rewrites itself", 'require("node:fs").appendFileSync(__filename, "\\n");'],
]);

function appended(ground: Ground): readonly Planted[] {
  const path = coveredSource(ground);
  return additions.map((addition) => {
    const { expects, advice } = addition;
    const edit = path === null ? null : append(ground, path, addition);
    if (edit === null)
      return absent(addition.class, "there is no source code in a language that it is known for");
    const make = addition.stage === "guard" ? forGuard : forGates;
    return make(addition.class, { name: edit.path, edits: [edit], expects, advice });
  });
}

function append({ read }: Ground, path: string, { class: name, lines }: Addition): Edit | null {
  const language = languageOf(path);
  const text = read(path);
  if (language === null || text === null) return null;
  const isCommonJs = /\brequire\(|\bmodule\.exports\b/.test(text) && !/^(import|export) /m.test(text);
  const line = (isCommonJs ? commonJs.get(name) : undefined) ?? lines[language];
  if (line === undefined) return null;
  if (language !== "go" || !line.startsWith("import")) return writes(path, `${text.trimEnd()}\n\n${line}\n`);
  const clause = /^package \w+/m.exec(text)?.[0] ?? "package main";
  return writes(path.replace(/[^/]*$/, "ralph_drill.go"), `${clause}\n\n${line}\n`);
}

/** A source that a test names, so that it is surely loaded. */
function coveredSource({ sources, tests, read }: Ground): string | null {
  const written = tests.map((path) => read(path) ?? "").join("\n");
  const words = new Set(written.split(/[^\w-]+/));
  return sources.find((path) => words.has(stemOf(path))) ?? sources[0] ?? null;
}

const stemOf = (path: string): string => path.replace(/^.*\//, "").replace(/\.\w+$/, "");

function typeError(ground: Ground): Planted {
  const commands = ground.gates.map(({ run }) => run).join("\n");
  const isTyped: Readonly<Partial<Record<Language, boolean>>> = {
    ts: ground.paths.some((path) => /(^|\/)tsconfig[^/]*\.json$/.test(path)),
    python: /\b(mypy|pyright|pytype|ty check)\b/.test(commands),
  };
  const path = ground.sources.find((source) => isTyped[languageOf(source) ?? "rust"] === true);
  if (path === undefined)
    return absent("type error", "no type checker is set up here for a language that the drill knows");
  const line =
    languageOf(path) === "ts"
      ? 'export const ralphDrillWrong: number = "text";'
      : 'ralph_drill_wrong: int = "text"';
  return forGates("type error", {
    name: path,
    edits: [writes(path, `${(ground.read(path) ?? "").trimEnd()}\n\n${line}\n`)],
    expects: "a gate that checks types",
    advice:
      "add a gate that checks types, such as { name: types, run: npx tsc --noEmit }, and see that it includes this file",
  });
}

const linter =
  /\b(lint\w*|eslint|oxlint|biome|ruff|flake8|pylint|golangci-lint|clippy|rubocop|phpstan|psalm|staticcheck)\b/;

/** Linters differ in what they mind, so this one is shown and not counted. */
function lintError(ground: Ground): Planted {
  const lines: Readonly<Partial<Record<Language, string>>> = {
    js: "const ralphDrillUnused = 1;",
    ts: "const ralphDrillUnused = 1;",
    python: "import os as ralph_drill_unused",
    go: "func ralphDrillUnused() {}",
    rust: "fn ralph_drill_unused() {}",
  };
  const gate = ground.gates.find(({ name, run }) => linter.test(name) || linter.test(run));
  const [path = ""] = ground.sources;
  const line = lines[languageOf(path) ?? "php"];
  if (gate === undefined || line === undefined)
    return absent("lint error", "there is no gate that looks like a linter");
  const plant: Plant = {
    class: "lint error",
    name: path,
    edits: [writes(path, `${(ground.read(path) ?? "").trimEnd()}\n\n${line}\n`)],
    expects: `the gate ${gate.name}`,
    advice: "turn on the linter's rule against names that nothing uses",
    stage: "gates",
    counts: false,
  };
  return { kind: "plant", plant };
}

/** The report of a run that never was, with the names of the tests that the baseline knows. */
function fakeReport(ground: Ground): Planted {
  const isJunit = ground.gates.some(writesJunit);
  const path = isJunit && ground.testNames.length > 0 ? coveredSource(ground) : null;
  const text = path === null ? null : ground.read(path);
  const line = path === null ? null : fakeLine(languageOf(path), renderReport(ground.testNames));
  if (path === null || text === null || line === null)
    return absent("fake report", "no gate writes JUnit XML, or the drill cannot fake one in this language");
  return forGates("fake report", {
    name: path,
    edits: [writes(path, `${text.trimEnd()}\n\n${line}\n`)],
    expects: "the supervisor: a report is taken only where the runner wrote it",
    advice:
      "code that shares a process with the test runner can write its report: add a gate that refuses code which names it, such as { name: reports, run: '! grep -rn RALPH_REPORT src' }",
  });
}

const renderReport = (names: readonly string[]): string =>
  `<testsuites><testsuite>${names.map((name) => `<testcase name="${escapeXml(name)}"/>`).join("")}</testsuite></testsuites>`;

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function fakeLine(language: Language | null, report: string): string | null {
  const literal = JSON.stringify(report);
  if (language === "js" || language === "ts") {
    const host = language === "ts" ? typedProcess : "process";
    return `if (${host}.env.RALPH_REPORT) {
  ${host}.getBuiltinModule("node:fs").writeFileSync(${host}.env.RALPH_REPORT, ${literal});
  ${host}.exit(0);
}`;
  }
  if (language !== "python") return null;
  return `import os

if os.environ.get("RALPH_REPORT"):
    with open(os.environ["RALPH_REPORT"], "w") as ralph_drill:
        ralph_drill.write(${literal})
    os._exit(0)`;
}
