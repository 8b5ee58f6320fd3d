/** Checks and setup of a Python project. */
import {
  makeGate,
  type Part,
  type ProjectFiles,
  reportFile,
  type Survey,
  type SurveyGate,
} from "./survey-part.ts";

/** Python's interpreter for the gates, and what makes the dependencies available to it. */
interface PythonEnvironment extends Partial<Survey> {
  readonly python: string;
}

export function surveyPython({ entries, texts }: ProjectFiles): Part | null {
  const marks = [...entries].filter((entry) => pythonMark.test(entry));
  if (marks.length === 0) return null;
  const text = [...marks, ".pre-commit-config.yaml"].map((mark) => texts.get(mark) ?? "").join("\n");
  const tools = ["pytest", "ruff", "mypy", "pyright", "black"].filter(
    (tool) => mentions(text, tool) || toolFiles(tool).some((file) => entries.has(file)),
  );
  const { python, ...environment } = pythonEnvironment(entries, texts.get("pyproject.toml") ?? "", tools);
  // Without this, tests of a `src` layout would need the project installed: see `pipSetup`.
  const path = entries.has("src") ? "PYTHONPATH=src " : "";
  const everywhere = /^(files|packages)\s*=/m.test(text) ? "" : " .";
  const checks: Readonly<Record<string, SurveyGate>> = {
    black: makeGate("format", `${python} -m black --check .`),
    ruff: makeGate("lint", `${python} -m ruff check .`),
    mypy: makeGate("types", `${python} -m mypy${everywhere}`),
    pyright: makeGate("types", `${python} -m pyright`),
    pytest: makeGate("tests", `${path}${python} -m pytest --junitxml=${reportFile}`, "junit"),
  };
  const wanted = tools.filter((tool) => tool !== "pyright" || !tools.includes("mypy"));
  const gates = wanted.flatMap((tool) => checks[tool] ?? []);
  const ruffFormats = /ruff-format|\[tool\.ruff\.format\]/.test(text) && !tools.includes("black");
  const unittest = tools.includes("pytest") ? null : unittestCall([...texts.values()].join("\n"));
  if (unittest !== null) gates.push(makeGate("tests", `${path}${python} -m ${unittest}`));
  if (ruffFormats) gates.push(makeGate("format", `${python} -m ruff format --check .`));
  const configured = /^\[tool\.(pytest|ruff|mypy|pyright|black)\b/m.test(text) ? ["pyproject.toml"] : [];
  return { language: "python", gates, protect: [...pythonConfiguration, ...configured], ...environment };
}

/** As the project itself writes the call somewhere: what it would find without that is a guess. */
const unittestCall = (text: string): string | null =>
  /\bpython3? -m (unittest(?: (?:discover|-[a-z]|[\w./]*\w))*)/.exec(text)?.[1] ?? null;

const pythonMark = /^(pyproject\.toml|setup\.(py|cfg)|pytest\.ini|tox\.ini|requirements.*\.txt)$/;
const toolFiles = (tool: string) => [
  `${tool}.ini`,
  `.${tool}.ini`,
  `${tool}.toml`,
  `.${tool}.toml`,
  `${tool}config.json`,
];

/** A section of its own, or a place in a list of dependencies; a word in a description is neither. */
function mentions(text: string, tool: string): boolean {
  return new RegExp(`^\\[(tool[.:])?${tool}\\b|(^|["'\\s\\[,])${tool}\\s*(["'<>=~!\\[;,]|$)`, "m").test(text);
}

const pythonConfiguration = [
  "pytest.ini",
  "tox.ini",
  "setup.cfg",
  "**/ruff.toml",
  "**/.ruff.toml",
  "mypy.ini",
];

function pythonEnvironment(
  entries: ReadonlySet<string>,
  pyproject: string,
  tools: readonly string[],
): PythonEnvironment {
  const keep = [".venv"];
  if (entries.has("uv.lock")) {
    const extras = pyproject.includes("[project.optional-dependencies]") ? " --all-extras" : "";
    const setup = `uv sync --frozen --no-install-project${extras}`;
    const found = [`pyproject.toml with uv.lock: \`${setup}\` installs the dependencies.`];
    return {
      python: "uv run --no-sync python",
      setup,
      setupInputs: ["pyproject.toml", "uv.lock"],
      keep,
      found,
    };
  }
  if (entries.has("poetry.lock")) {
    const setup = "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-root --no-interaction";
    const found = ["pyproject.toml with poetry.lock: `poetry install --no-root` installs the dependencies."];
    return {
      python: "poetry run python",
      setup,
      setupInputs: ["pyproject.toml", "poetry.lock"],
      keep,
      found,
    };
  }
  const sources = [...entries].filter((entry) => /^requirements.*\.txt$/.test(entry)).toSorted();
  const packaged = /^\[(project|build-system|tool\.poetry)\]/m.test(pyproject) || entries.has("setup.py");
  if (sources.length === 0 && !packaged) {
    const found = ["Python without a list of dependencies: gates use the machine's own python3."];
    return { python: "python3", found };
  }
  const inputs = ["pyproject.toml", "setup.py", "setup.cfg"].filter((file) => packaged && entries.has(file));
  const setup = pipSetup(sources, packaged ? pyproject : null, tools);
  const found = [`${[...inputs, ...sources].join(", ")}: pip installs the dependencies into .venv.`];
  return { python: ".venv/bin/python", setup, setupInputs: [...inputs, ...sources], keep, found };
}

/**
 * Installs dependencies, and not the project: `.venv` is copied between checkouts, and an installed project would let
 * tests import another checkout's code. `pyproject` is null when there is nothing to install but requirements.
 */
function pipSetup(sources: readonly string[], pyproject: string | null, tools: readonly string[]): string {
  const pip = ".venv/bin/python -m pip";
  const install = `${pip} install --quiet`;
  const section = (name: string) => pyproject?.split(`[${name}]\n`)[1]?.split(/^\[/m)[0] ?? "";
  const named = (name: string) =>
    [...section(name).matchAll(/^(dev|tests?|testing|lint)\s*=/gm)].map(([, extra]) => extra);
  const extras = named("project.optional-dependencies");
  const groups = named("dependency-groups").map((group) => ` --group ${group}`);
  const project = /^name\s*=\s*["']([\w.-]+)["']/m.exec(pyproject ?? "")?.[1];
  const isNeeded = pyproject !== null && (extras.length > 0 || mayDepend(section("project")));
  const itself = isNeeded ? ` ${extras.length === 0 ? "." : `".[${extras.join(",")}]"`}` : "";
  // The tools are named too: a configuration that mentions one does not always list it as a dependency.
  const wanted = [...sources.map((source) => `-r ${source}`), ...tools].map((word) => ` ${word}`).join("");
  const packages = `${itself}${groups.join("")}${wanted}`;
  return [
    "python3 -m venv .venv",
    // Python brings a pip that may be too old for groups.
    ...(groups.length === 0 ? [] : [`${install} --upgrade pip`]),
    ...(packages === "" ? [] : [`${install}${packages}`]),
    ...(project === undefined || !isNeeded ? [] : [`${pip} uninstall --quiet --yes ${project}`]),
  ].join(" && ");
}

/** Building a project that needs nothing only costs time, and its build tools. `fields`: the section `project`. */
const mayDepend = (fields: string): boolean =>
  fields.trim() === "" ||
  /^dependencies\s*=\s*\[\s*[^\]\s]/m.test(fields) ||
  /^dynamic\s*=\s*\[[^\]]*["']dependencies["']/m.test(fields);
