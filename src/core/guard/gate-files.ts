/** Which files of the repository a gate's command runs or reads as configuration: they are part of the gate. */

export interface GateCommand {
  readonly name: string;
  /** For bash. */
  readonly run: string;
}

/** File → the gate that runs it. */
export type GateFiles = ReadonlyMap<string, string>;

/** File → the gate that runs it. `scripts` are the package scripts at the top of the base. */
export function gateFiles(gates: readonly GateCommand[], scripts: ReadonlyMap<string, string>): GateFiles {
  const files = new Map<string, string>();
  for (const { name, run } of gates) {
    // A set that grows while it is read: scripts may call each other in circles.
    const commands = new Set([run]);
    for (const command of commands) {
      const named = readCommand(command);
      for (const file of named.files.filter((candidate) => !files.has(candidate))) files.set(file, name);
      for (const called of named.scripts.flatMap((script) => textsOf(script, scripts))) commands.add(called);
    }
  }
  return files;
}

const textsOf = (script: string, scripts: ReadonlyMap<string, string>): readonly string[] =>
  [`pre${script}`, script, `post${script}`]
    .map((key) => scripts.get(key))
    .filter((text) => text !== undefined);

interface Named {
  readonly files: readonly string[];
  readonly scripts: readonly string[];
}

const interpreters =
  /^(?:(?:ba|z|da|k)?sh|node(?:js)?|deno|bun|tsx|ts-node|python[\d.]*|ruby|perl|php|pwsh|source|\.)$/;

/** Words that may stand between the beginning of a command, or an interpreter, and what is run. */
const passed =
  /^(?:[A-Za-z_]\w*=.*|env|exec|command|time|timeout|nice|sudo|npx|pnpx|bunx|uvx?|poetry|pipenv|bundle|run|dlx|\d+[smh]?|cross-env)$/;

const configurationFlags =
  /^(?:-[cpfrd]|--(?:config(?:-file|-path|uration)?|project|tsconfig|(?:make|just|task|rc|env-)?file|require|(?:experimental-)?loader|import|settings|ignore-path|setup\w*))$/;

/** The files that a builder reads when it is told none; of several, the first that exists. */
const builders: ReadonlyMap<string, readonly string[]> = new Map([
  ["make", ["GNUmakefile", "makefile", "Makefile"]],
  ["gmake", ["GNUmakefile", "makefile", "Makefile"]],
  ["just", ["justfile", "Justfile", ".justfile"]],
  ["task", ["Taskfile.yml", "taskfile.yml", "Taskfile.yaml", "taskfile.yaml"]],
  ["rake", ["Rakefile", "rakefile", "Rakefile.rb"]],
  ["invoke", ["tasks.py"]],
  ["tox", ["tox.ini"]],
  ["nox", ["noxfile.py"]],
  ["mage", ["magefile.go"]],
  ["ant", ["build.xml"]],
]);

const packageManagers = /^(?:npm|pnpm|yarn|bun)$/;

function readCommand(text: string): Named {
  const files: string[] = [];
  const scripts: string[] = [];
  let folder = "";
  // Quotes are dropped: what `bash -c` is given is a command, too.
  const parts = text
    .replaceAll(/\\\n/g, " ")
    .replaceAll(/["'`]/g, " ")
    .split(/[;&|\n(){}]+/);
  for (const part of parts) {
    const words = part.split(/\s+/).filter((word) => word !== "");
    const program = words.find((word) => !passed.test(word) && !word.startsWith("-")) ?? "";
    const rest = words.slice(words.indexOf(program) + 1);
    if (program === "cd") folder = within(folder, rest[0] ?? "");
    const place = (file: string): string => within(folder, file);
    files.push(...filesOf(program, rest).map(place), ...(builders.get(program) ?? []).map(place));
    scripts.push(...scriptsOf(program, words, rest));
  }
  return { files, scripts };
}

function filesOf(program: string, rest: readonly string[]): readonly string[] {
  const named = configurationsIn(rest);
  if (interpreters.test(program)) named.push(...scriptAmong(rest));
  else if (program.includes("/") || /\.(?:sh|bash|py|rb|pl|m?[jt]s)$/.test(program)) named.push(program);
  return named;
}

function configurationsIn(words: readonly string[]): string[] {
  return words.flatMap((word, at) => {
    const [, flag, value] = /^(--?[\w-]+)=(.+)$/.exec(word) ?? [];
    if (flag !== undefined && value !== undefined) return configurationFlags.test(flag) ? [value] : [];
    return configurationFlags.test(words[at - 1] ?? "") && !word.startsWith("-") ? [word] : [];
  });
}

/** What an interpreter runs: the first word that is neither a flag nor another interpreter. */
function scriptAmong(words: readonly string[]): readonly string[] {
  const at = words.findIndex(
    (word) => !word.startsWith("-") && !interpreters.test(word) && !passed.test(word),
  );
  const script = words[at];
  if (script === undefined) return [];
  if (words[at - 1] !== "-m") return [script];
  // A file of that name beside the project would be run in place of an installed module.
  const module = script.replaceAll(".", "/");
  return [`${module}.py`, `${module}/__init__.py`, `${module}/__main__.py`];
}

function scriptsOf(program: string, words: readonly string[], rest: readonly string[]): readonly string[] {
  const run = words.find((word) => word.startsWith("--run="))?.slice("--run=".length);
  if (run !== undefined) return [run];
  if (words.includes("--run")) return [words[words.indexOf("--run") + 1] ?? ""];
  if (!packageManagers.test(program)) return [];
  const name = rest.find((word) => !word.startsWith("-") && !/^(?:run|run-script|exec)$/.test(word)) ?? "";
  return [name === "t" || name === "tst" ? "test" : name];
}

/** From the top of the repository; as it is written where it leads out of it. */
export function within(folder: string, file: string): string {
  const place: string[] = [];
  for (const step of `${file.startsWith("/") ? "" : folder}/${file}`.split("/")) {
    if (step === "..") place.pop();
    else if (step !== "" && step !== ".") place.push(step);
  }
  return place.join("/");
}
