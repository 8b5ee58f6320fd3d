/** The rules of the house that neither compiler nor linter can check, each seen failing on a planted violation. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Path from the top of the repository → text. */
type Files = ReadonlyMap<string, string>;
/** Says what is wrong, one line for each place. */
type Rule = (files: Files) => readonly string[];

const top = fileURLToPath(new URL("..", import.meta.url));
const folders = ["src", "test", "scripts", "bench", "examples", "docs", "specs", "tasks", "."];
const foreign = /^(src\/demo\/project|src\/demo\/recordings|test\/fixtures)\//;

/** Which rooms a room of src may import from. `cli` and the entry point may import all. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  survey: ["survey"],
  drill: ["core", "drill"],
  errors: [],
  "running-clock": [],
  "program-files": [],
  formats: ["core", "formats", "errors"],
  ports: ["core"],
  supervisor: ["core", "drill", "formats", "ports", "errors", "supervisor"],
  adapters: [
    "core",
    "survey",
    "drill",
    "formats",
    "ports",
    "errors",
    "running-clock",
    "program-files",
    "adapters",
  ],
  agent: ["core", "formats", "errors", "running-clock", "agent"],
  index: ["core", "formats", "ports", "errors"],
  cli: [
    "core",
    "survey",
    "drill",
    "formats",
    "ports",
    "errors",
    "running-clock",
    "program-files",
    "supervisor",
    "adapters",
    "cli",
  ],
};

/** The files that may import a package; docs/dependencies.md says why each is here. */
const homes: Readonly<Record<string, readonly string[]>> = {
  "@anthropic-ai/sdk": ["src/agent/model-client.ts", "src/agent/provider.ts"],
  "@secretlint/core": ["src/adapters/secret-scan.ts"],
  "@secretlint/profiler": ["src/adapters/secret-scan.ts"],
  "@secretlint/secretlint-rule-preset-recommend": ["src/adapters/secret-scan.ts"],
  "@rgrove/parse-xml": ["src/formats/junit.ts"],
  chokidar: ["src/adapters/queue/folder-hints.ts"],
  commander: [
    "src/cli/program.ts",
    "src/cli/agent-command.ts",
    "src/cli/arguments.ts",
    "src/cli/supervisor-commands.ts",
  ],
  execa: ["src/adapters/process/leader.ts"],
  "fastest-levenshtein": ["src/formats/nearest.ts"],
  ignore: ["src/formats/ignore-patterns.ts"],
  "p-queue": ["src/adapters/process/gate-process.ts"],
  picomatch: ["src/formats/glob.ts"],
  pino: ["src/adapters/pino-log.ts"],
  "simple-git": ["src/adapters/git/commit-log.ts"],
  "smol-toml": ["src/formats/toml-text.ts"],
  yaml: ["src/formats/yaml-text.ts", "src/formats/front-matter.ts"],
  // Schemas belong to the formats; the agent's tools and what it is told have their own.
  zod: ["src/formats/", "src/agent/"],
};

/** Words of others for what the glossary names, as parts of file names and of exported names. */
const banned: ReadonlyMap<string, string> = new Map([
  ["orchestrator", "supervisor"],
  ["engine", "supervisor"],
  ["manager", "supervisor"],
  ["job", "task"],
  ["ticket", "task"],
  ["story", "task"],
  ["bot", "agent"],
  ["worker", "agent"],
  ["worktree", "workspace"],
  ["validator", "gate"],
  ["mutex", "lease"],
  ["cooldown", "backoff"],
  ["transcript", "trajectory"],
  ["lesson", "learning"],
  ["scratchpad", "progress file"],
  ["cycle", "loop"],
  ["util", "a name that says what it is"],
  ["utils", "a name that says what it is"],
  ["helper", "a name that says what it is"],
  ["helpers", "a name that says what it is"],
  ["handler", "a name that says what it is"],
  ["service", "a name that says what it is"],
]);

const entries = ["src/cli/main.ts", "src/agent/main.ts", "src/index.ts"];
const codeLinesMax = 300;

const rules: Readonly<Record<string, Rule>> = {
  "imports point inward": importsPointInward,
  "every package has one home": packagesHaveOneHome,
  "tests replace no modules": testsMockNothing,
  "a to-do names its task": todosNameTasks,
  "names use the glossary's words": namesUseTheGlossary,
  "a page has one title": pagesHaveOneTitle,
  "every source file is reachable": sourcesAreReachable,
  "a file stays short": filesStayShort,
  "a source file says what it owns": filesSayWhatTheyOwn,
};

describe("this repository", () => {
  const files = readFiles();

  it.each(Object.entries(rules))("keeps the rule: %s", (_name, rule) => {
    expect(rule(files)).toEqual([]);
  });

  it("is read whole: the rules would see a file of every room", () => {
    const seen = new Set([...files.keys()].map((file) => roomOf(file)));
    expect([...seen]).toEqual(
      expect.arrayContaining(["core", "formats", "supervisor", "adapters", "agent", "cli"]),
    );
  });

  it("lists only homes and rooms that exist", () => {
    const paths = [...files.keys()];
    const missing = Object.values(homes)
      .flat()
      .filter((home) => !paths.some((path) => path.startsWith(home)));
    expect(missing).toEqual([]);
  });
});

describe("each rule reports a planted violation", () => {
  const planted: Readonly<Record<string, Planted>> = {
    "imports point inward": {
      files: {
        "src/core/next.ts": 'import { run } from "../cli/run.ts";\nimport { join } from "node:path";',
        "src/supervisor/loop.ts": 'import type { Git } from "../adapters/git/git.ts";',
        "src/formats/a.ts": 'export * from "../ports.ts";',
        "src/adapters/b.ts": 'await import("../supervisor/loop.ts");',
        "src/agent/replay.ts": 'import {\n  run,\n} from "../supervisor/loop.ts";',
      },
      reports: [
        "src/core/next.ts imports src/cli/run.ts: core may import only core",
        "src/core/next.ts imports node:path: core imports only core",
        "src/supervisor/loop.ts imports src/adapters/git/git.ts: supervisor may import only core, drill, formats, ports, errors, supervisor",
        "src/formats/a.ts imports src/ports.ts: formats may import only core, formats, errors",
        "src/adapters/b.ts imports src/supervisor/loop.ts: adapters may import only core, survey, drill, formats, ports, errors, running-clock, program-files, adapters",
        "src/agent/replay.ts imports src/supervisor/loop.ts: agent may import only core, formats, errors, running-clock, agent",
      ],
    },
    "every package has one home": {
      files: { "src/cli/run.ts": 'import { execa } from "execa";\nimport pad from "left-pad/deep";' },
      reports: [
        "src/cli/run.ts imports execa, at home in src/adapters/process/leader.ts",
        "src/cli/run.ts imports left-pad, which has no home",
      ],
    },
    "tests replace no modules": {
      files: { "test/a.test.ts": ["vi", 'mock("execa");'].join(".") },
      reports: ["test/a.test.ts:1: use the real thing"],
    },
    "a to-do names its task": {
      files: {
        "src/a.ts": "// TODO mend this\n// TODO(0999-nothing): or that\n// TODO(0001-one): fine",
        "tasks/0001-one.md": "",
      },
      reports: ["src/a.ts:1: write TODO(<task id>)", "src/a.ts:2: there is no tasks/0999-nothing.md"],
    },
    "names use the glossary's words": {
      files: {
        "src/core/job-runner.ts":
          "export interface WorktreePath {}\nexport const idle = 1;\nconst helper = 2;",
      },
      reports: [
        'src/core/job-runner.ts: src/core/job-runner.ts says "job"; say task',
        'src/core/job-runner.ts: WorktreePath says "worktree"; say workspace',
      ],
    },
    "a page has one title": {
      files: {
        "docs/a.md": "# One\n\n```sh\n# not a title\n```\n\n# Two\n",
        "docs/b.md": "no title",
        "docs/c.md": "# One\n\n```sh\n# not a title\n```\n",
        "tasks/0001-one.md": "---\ntitle: One\n---\n\nThe front matter has it.\n",
      },
      reports: ["docs/a.md has 2 titles", "docs/b.md has 0 titles"],
    },
    "every source file is reachable": {
      files: { "src/cli/main.ts": 'import "./run.ts";', "src/cli/run.ts": "", "src/cli/forgotten.ts": "" },
      reports: ["src/cli/forgotten.ts is used by nothing"],
    },
    "a file stays short": {
      files: {
        "src/long.ts": "x;\n".repeat(codeLinesMax + 1),
        "src/short.ts": `${"x;\n".repeat(codeLinesMax)}\n// a comment\n`,
      },
      reports: ["src/long.ts has 301 lines of code"],
    },
    "a source file says what it owns": {
      files: { "src/core/a.ts": "export const a = 1;", "src/core/b.ts": "/** Owns b. */" },
      reports: ["src/core/a.ts does not open with a sentence on what it owns"],
    },
  };

  it("in every rule", () => expect(Object.keys(planted)).toEqual(Object.keys(rules)));

  it.each(Object.entries(planted))("%s", (name, { files, reports }) => {
    expect(rules[name]?.(new Map(Object.entries(files)))).toEqual(reports);
  });
});

interface Planted {
  readonly files: Readonly<Record<string, string>>;
  readonly reports: readonly string[];
}

function readFiles(): Files {
  const present = folders.filter((folder) => existsSync(join(top, folder)));
  const paths = present.flatMap((folder) => {
    const found = readdirSync(join(top, folder), { recursive: folder !== ".", withFileTypes: true });
    return found
      .filter((entry) => entry.isFile() && /\.(ts|md)$/.test(entry.name))
      .map((entry) => posix.relative(top, join(entry.parentPath, entry.name)));
  });
  const ours = paths.filter((path) => !foreign.test(path));
  return new Map(ours.map((path) => [path, readFileSync(join(top, path), "utf8")]));
}

/** The folder of src, or the name of a file directly in it; null elsewhere. */
function roomOf(path: string): string | null {
  const [, room = null] = /^src\/([\w-]+)/.exec(path) ?? [];
  return room;
}

interface Import {
  readonly file: string;
  /** As it is written. */
  readonly from: string;
  /** Path of the file, for an import of our own. */
  readonly path: string | null;
}

const importPattern = /^(?:import|export)\b[^;"]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

function importsOf(files: Files, within: string): readonly Import[] {
  const sources = [...files].filter(([file]) => file.startsWith(within) && file.endsWith(".ts"));
  return sources.flatMap(([file, text]) =>
    [...text.matchAll(importPattern)].map(([, named, bare, late]) => {
      const from = named ?? bare ?? late ?? "";
      return { file, from, path: from.startsWith(".") ? posix.join(posix.dirname(file), from) : null };
    }),
  );
}

function importsPointInward(files: Files): readonly string[] {
  return importsOf(files, "src/").flatMap(({ file, from, path }) => {
    const room = roomOf(file) ?? "";
    if (path === null) return room === "core" ? [`${file} imports ${from}: core imports only core`] : [];
    const other = roomOf(path) ?? path;
    if (rooms[room]?.includes(other) === true) return [];
    return [`${file} imports ${path}: ${room} may import only ${rooms[room]?.join(", ") ?? "nothing"}`];
  });
}

function packagesHaveOneHome(files: Files): readonly string[] {
  const packages = importsOf(files, "src/").filter(
    ({ from, path }) => path === null && !from.startsWith("node:"),
  );
  return packages.flatMap(({ file, from }) => {
    const name = from.split("/", from.startsWith("@") ? 2 : 1).join("/");
    const home = homes[name];
    if (home === undefined) return [`${file} imports ${name}, which has no home`];
    return home.some((place) => file.startsWith(place))
      ? []
      : [`${file} imports ${name}, at home in ${home.join(", ")}`];
  });
}

function testsMockNothing(files: Files): readonly string[] {
  return placesOf(files, /^(test|bench)\/.*\.ts$/, /\bvi\.(mock|doMock|stubGlobal|useFakeTimers)\(/).map(
    ({ place }) => `${place}: use the real thing`,
  );
}

function todosNameTasks(files: Files): readonly string[] {
  return placesOf(
    files,
    /^(src|scripts|bench|examples)\/.*\.ts$/,
    /(?:\/\/|^\s*\/?\*).*\bTODO\b(?:\(([\w.-]+)\))?/,
  ).flatMap(({ place, match }) => {
    const task = match[1];
    if (task === undefined) return [`${place}: write TODO(<task id>)`];
    return files.has(`tasks/${task}.md`) ? [] : [`${place}: there is no tasks/${task}.md`];
  });
}

function placesOf(
  files: Files,
  path: RegExp,
  pattern: RegExp,
): readonly { readonly place: string; readonly match: RegExpExecArray }[] {
  return [...files]
    .filter(([file]) => path.test(file))
    .flatMap(([file, text]) =>
      text.split("\n").flatMap((line, at) => {
        const match = pattern.exec(line);
        return match === null ? [] : [{ place: `${file}:${at + 1}`, match }];
      }),
    );
}

function namesUseTheGlossary(files: Files): readonly string[] {
  const sources = [...files].filter(([file]) => file.startsWith("src/"));
  return sources.flatMap(([file, text]) => {
    const declared = [...text.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm)];
    const names = [file, ...declared.map(([, name = ""]) => name)];
    return names.flatMap((name) =>
      wordsOf(name)
        .filter((word) => banned.has(word))
        .map((word) => `${file}: ${name} says "${word}"; say ${banned.get(word)}`),
    );
  });
}

const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .split(/[^a-z]+/);

function pagesHaveOneTitle(files: Files): readonly string[] {
  return [...files]
    .filter(([file]) => file.endsWith(".md"))
    .flatMap(([file, text]) => {
      const inFrontMatter = /^---\n(?:.*\n)*?title: .*\n(?:.*\n)*?---\n/.test(text) ? 1 : 0;
      const prose = text.replaceAll(/^(`{3,}).*\n[\s\S]*?^\1$/gm, "");
      const titles = (prose.match(/^# /gm) ?? []).length + inFrontMatter;
      return titles === 1 ? [] : [`${file} has ${titles} titles`];
    });
}

function sourcesAreReachable(files: Files): readonly string[] {
  const imports = importsOf(files, "src/");
  const reached = new Set<string>();
  const open = [...entries];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const { file: from, path } of imports) if (from === file && path !== null) open.push(path);
  }
  const sources = [...files.keys()].filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
  return sources.filter((file) => !reached.has(file)).map((file) => `${file} is used by nothing`);
}

/** Blank lines and comments are free, as the linter counts. */
function filesStayShort(files: Files): readonly string[] {
  return [...files]
    .filter(([file]) => /^(src|scripts|bench|examples)\/.*\.ts$/.test(file))
    .flatMap(([file, text]) => {
      const code = text.split("\n").filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line));
      return code.length <= codeLinesMax ? [] : [`${file} has ${code.length} lines of code`];
    });
}

function filesSayWhatTheyOwn(files: Files): readonly string[] {
  return [...files]
    .filter(([file]) => /^(src|scripts|bench|examples)\/.*\.ts$/.test(file))
    .flatMap(([file, text]) =>
      /^(#!.*\n)?\/\*\*/.test(text) ? [] : [`${file} does not open with a sentence on what it owns`],
    );
}
