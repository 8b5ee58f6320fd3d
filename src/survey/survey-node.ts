/** Checks, setup and protected files of a project with package.json. */
import {
  makeGate,
  type Manifest,
  type minutes,
  type Part,
  type ProjectFiles,
  type Survey,
  type SurveyGate,
} from "./survey-part.ts";
import { reportAdvice } from "./report-advice.ts";
import { reportingChain, reportingGate } from "./survey-runner.ts";

interface Packager {
  readonly locks: readonly string[];
  readonly setup: string;
  /** Without a lock file; it must not write one, or the checkout changes. */
  readonly setupUnlocked: string;
  readonly exec: string;
}
const packager = (locks: string[], setup: string, setupUnlocked: string, exec: string): Packager => ({
  locks,
  setup,
  setupUnlocked,
  exec,
});
const npm = packager(["package-lock.json", "npm-shrinkwrap.json"], "ci", "install --no-package-lock", "npx ");
const packagers: ReadonlyMap<string, Packager> = new Map([
  ["pnpm", packager(["pnpm-lock.yaml"], "install --frozen-lockfile", "install --no-lockfile", "pnpm exec ")],
  ["yarn", packager(["yarn.lock"], "install --frozen-lockfile", "install --no-lockfile", "yarn run ")],
  ["bun", packager(["bun.lock", "bun.lockb"], "install --frozen-lockfile", "install --no-save", "bunx ")],
  ["npm", npm],
]);

/** A project with package.json, and the package manager that its lock file belongs to. */
interface Node extends Packager {
  readonly name: string;
  readonly lock: string | null;
  readonly manifest: Manifest;
  readonly entries: ReadonlySet<string>;
  readonly packages: readonly string[];
  readonly tsconfig: string;
  /** True for yarn's own way without node_modules. */
  readonly plugged: boolean;
}

export function surveyNode(files: ProjectFiles): Part | null {
  const { manifest } = files;
  if (manifest === null) return null;
  const node = openNode(files, manifest);
  const checks = [formatGate(node), lintGate(node), typesGate(node)].filter((found) => found !== null);
  const whole = checks.length === 0 ? scriptGate(node, "check", ["check"]) : null;
  const tests = testsGate(node, checks);
  const gates = [...checks, whole, tests].filter((found) => found !== null);
  const protect = nodeProtect(node);
  const setup = nodeSetup(node);
  const missing = nodeMissing(node, setup.setup ?? null);
  const found = [...(setup.found ?? []), ...(protect.includes("/package.json") ? [manifestProtected] : [])];
  return { language: "node", gates, protect, ...setup, found, missing };
}

const manifestProtected =
  "package.json configures tools, so it is protected: a task that changes it needs `allow: [package.json]`.";

function openNode(files: ProjectFiles, manifest: Manifest): Node {
  const { entries, packages, texts } = files;
  const name = choosePackager(entries, manifest.packager);
  const chosen = packagers.get(name) ?? npm;
  const berry =
    name === "yarn" && (entries.has(".yarnrc.yml") || /^yarn@[2-9]/.test(manifest.packager ?? ""));
  return {
    ...chosen,
    setup: berry ? "install --immutable" : chosen.setup,
    name,
    lock: chosen.locks.find((lock) => entries.has(lock)) ?? null,
    manifest,
    entries,
    packages,
    tsconfig: texts.get("tsconfig.json") ?? "",
    plugged: berry && !(texts.get(".yarnrc.yml") ?? "").includes("nodeLinker: node-modules"),
  };
}

/** A lock file decides; `packageManager` decides between several of them, and where there is none. */
function choosePackager(entries: ReadonlySet<string>, field: string | null): string {
  const wanted = field?.split("@")[0] ?? "npm";
  const locked = [...packagers].filter(([, { locks }]) => locks.some((lock) => entries.has(lock)));
  if (locked.some(([name]) => name === wanted)) return wanted;
  return locked[0]?.[0] ?? (packagers.has(wanted) ? wanted : "npm");
}

function nodeSetup(node: Node): Partial<Survey> {
  const { name, lock, manifest, packages } = node;
  if (lock === null && manifest.dependencies.size === 0 && packages.length === 0)
    return { found: ["package.json without dependencies: nothing to install."] };
  const setup = `${name} ${lock === null ? node.setupUnlocked : node.setup}`;
  const manifests = ["package.json", ...packages.map((folder) => `${folder}/package.json`)];
  return {
    setup,
    setupInputs: lock === null ? manifests : [...manifests, lock],
    keep: [
      ...(node.plugged ? plugged : []),
      ...["", ...packages.map((folder) => `${folder}/`)].map(modulesOf),
    ],
    found: [`package.json${lock === null ? "" : ` with ${lock}`}: \`${setup}\` installs the dependencies.`],
  };
}

function nodeMissing(node: Node, setup: string | null): readonly string[] {
  const { scripts } = node.manifest;
  return [
    ...(setup !== null && node.lock === null ? [unlocked] : []),
    ...(scripts.has("lint") && lintGate(node) === null ? [lintUnusable] : []),
  ];
}

const unlocked = "No lock file found: commit one, or versions may change between two attempts.";
const lintUnusable = "The lint script rewrites or watches files: give it a form that only checks.";
const modulesOf = (folder: string): string => `${folder}node_modules`;
const plugged = [".pnp.cjs", ".pnp.loader.mjs", ".yarn/cache", ".yarn/unplugged", ".yarn/install-state.gz"];

const scriptCall = (node: Node, script: string): string =>
  script === "test" && node.name !== "bun" ? `${node.name} test` : `${node.name} run ${script}`;

/** The first of these scripts that ends by itself and rewrites nothing. */
function scriptGate(node: Node, name: keyof typeof minutes, scripts: readonly string[]): SurveyGate | null {
  const script = scripts.find((one) => !unusable.test(node.manifest.scripts.get(one) ?? "--fix"));
  return script === undefined ? null : makeGate(name, scriptCall(node, script));
}

const unusable = /no \w+ specified|--(fix|write|watch)\b|\s-w\b/;
const formatScripts = [
  "format:check",
  "check:format",
  "format-check",
  "check-format",
  "fmt:check",
  "prettier:check",
];
const lintScripts = ["lint", "lint:check", "lint:ci", "check:lint"];
const typeScripts = [
  "typecheck",
  "type-check",
  "types",
  "check-types",
  "check:types",
  "types:check",
  "test:types",
  "tsc",
];

const formatGate = (node: Node): SurveyGate | null => scriptGate(node, "format", formatScripts);

function lintGate(node: Node): SurveyGate | null {
  const { manifest, entries, exec } = node;
  const configured = (start: string) => [...entries].some((entry) => entry.startsWith(start));
  const scripted = scriptGate(node, "lint", lintScripts);
  if (scripted !== null) return scripted;
  if (manifest.dependencies.has("oxlint")) return makeGate("lint", `${exec}oxlint`);
  if (manifest.dependencies.has("@biomejs/biome")) return makeGate("lint", `${exec}biome ci .`);
  const eslint = configured("eslint.config.") || configured(".eslintrc") || manifest.keys.has("eslintConfig");
  return eslint && manifest.dependencies.has("eslint") ? makeGate("lint", `${exec}eslint .`) : null;
}

function typesGate(node: Node): SurveyGate | null {
  const scripted = scriptGate(node, "types", typeScripts);
  if (scripted !== null || !node.entries.has("tsconfig.json")) return scripted;
  const compiler = ["vue-tsc", "typescript"].find((one) => node.manifest.dependencies.has(one));
  if (compiler === undefined) return null;
  // A tsconfig.json that only refers to others checks nothing without `-b`.
  const build = /"files"\s*:\s*\[\s*\]/.test(node.tsconfig) ? "-b " : "";
  return makeGate("types", `${node.exec}${compiler === "typescript" ? "tsc" : compiler} ${build}--noEmit`);
}

function testsGate(node: Node, checks: readonly SurveyGate[]): SurveyGate | null {
  const script = followScript(node.manifest.scripts, "test");
  const known = ["vitest", "jest", "mocha", "tap"].find((runner) => node.manifest.dependencies.has(runner));
  if (script === null) return known === undefined ? null : reportingGate(node, known);
  const { scripts } = node.manifest;
  const reporting = scripts.has(`post${script.name}`) ? null : reportingTests(node, script.text, checks);
  if (reporting === null)
    return { ...makeGate("tests", scriptCall(node, "test")), advice: reportAdvice(script.text) };
  const before = `pre${script.name}`;
  return scripts.has(before)
    ? { ...reporting, run: `${scriptCall(node, before)} && ${reporting.run}` }
    : reporting;
}

/** A chain may call scripts that are gates already: they need not run twice. */
function reportingTests(node: Node, text: string, checks: readonly SurveyGate[]): SurveyGate | null {
  const isCheck = (command: string): boolean => {
    const script = calledScript(command);
    return script !== null && checks.some(({ run }) => run === scriptCall(node, script));
  };
  const plain = reportingGate(node, text);
  return plain !== null || node.plugged ? plain : reportingChain(node, text, isCheck);
}

const calledScript = (command: string): string | null =>
  /^(?:npm|pnpm|yarn|bun) (?:run )?([\w:-]+)$/.exec(command)?.[1] ?? null;

/** The script that does the work, where `name` only calls another; null for a placeholder. */
function followScript(
  scripts: ReadonlyMap<string, string>,
  name: string,
): { name: string; text: string } | null {
  const text = scripts.get(name)?.trim() ?? "";
  if (text === "" || text.includes("no test specified")) return null;
  const hooked = scripts.has(`pre${name}`) || scripts.has(`post${name}`);
  const next = calledScript(text) ?? name;
  const called = hooked ? undefined : scripts.get(next);
  return called === undefined ? { name, text } : { name: next, text: called };
}

const nodeConfiguration: Readonly<Record<string, readonly string[]>> = {
  vitest: ["vitest.config.*", "vitest.workspace.*", "vite.config.*"],
  jest: ["jest.config.*"],
  mocha: [".mocharc.*"],
  ava: ["ava.config.*"],
  "@playwright/test": ["playwright.config.*"],
  typescript: ["**/tsconfig*.json"],
  eslint: ["**/eslint.config.*", "**/.eslintrc*", ".eslintignore"],
  oxlint: ["**/.oxlintrc.json", "oxlint.config.*"],
  "@biomejs/biome": ["**/biome.json", "**/biome.jsonc"],
  prettier: ["**/.prettierrc*", "prettier.config.*", ".prettierignore"],
};

/**
 * package.json is among them only when a tool is configured in it. Its scripts need no protection here: the guard
 * compares them key by key, so that a task may still add a dependency.
 */
function nodeProtect(node: Node): readonly string[] {
  const { keys, dependencies } = node.manifest;
  const isConfigured = ["jest", "mocha", "ava", "eslintConfig", "prettier", "tsd", "xo"].some((key) =>
    keys.has(key),
  );
  const globs = Object.entries(nodeConfiguration).filter(([tool]) => dependencies.has(tool));
  return [...globs.flatMap(([, paths]) => paths), ...(isConfigured ? ["/package.json"] : [])];
}
