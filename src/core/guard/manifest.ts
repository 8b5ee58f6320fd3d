/**
 * Manifests hold what a project needs and what configures its tools in one file. Gates run from the latter, so they are
 * compared key by key: adding a dependency is no offence.
 */
import { allowHint } from "./change.ts";

type Values = Readonly<Record<string, unknown>>;

/** A manifest as its parser read it, empty where there is no file; null where it cannot be read. */
export interface ManifestSides {
  readonly before: Values | null;
  readonly after: Values | null;
  /** What a new manifest says of its own package is no change; what it says to tools that look for it is. */
  readonly isNew: boolean;
}

export const isManifest = (path: string): boolean => plainKeysOf(path) !== undefined;

/** Null when nothing is wrong. */
export function manifestFinding(path: string, { before, after, isNew }: ManifestSides): string | null {
  if (before === null || after === null) return `${path} cannot be read, so it cannot be compared`;
  const [old, now] = [flatten(before), flatten(after)];
  const isPlain = plainKeysOf(path) ?? (() => false);
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter(
    (key) => !isPlain(key) && !isSame(key, old.get(key), now.get(key)) && (!isNew || key.startsWith("tool.")),
  );
  if (changed.length === 0) return null;
  return `${path} changes ${listKeys(changed)}, which gates may run from; put it back, or ${allowHint(path)}`;
}

/** Members may join a workspace; one that is taken out would take its tests along. */
function isSame(key: string, old: string | undefined, now: string | undefined): boolean {
  if (old === now || !/^(?:workspaces|workspace\.members|tool\.uv\.workspace\.members)$/.test(key))
    return old === now;
  const [before, after] = [listOf(old), listOf(now)];
  return before !== null && after !== null && before.every((member) => after.includes(member));
}

function listOf(text: string | undefined): readonly unknown[] | null {
  const list: unknown = text === undefined ? null : JSON.parse(text);
  return Array.isArray(list) ? list : null;
}

const keysShownMax = 4;

function listKeys(keys: readonly string[]): string {
  const shown = keys.slice(0, keysShownMax).map((key) => JSON.stringify(key));
  const more = keys.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const depthMax = 8;

/** Keys joined by dots → value as text. Entries of a list that are tables count by their place. */
function flatten(values: Values, above = "", depth = 0): ReadonlyMap<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    const key = above === "" ? name : `${above}.${name}`;
    const inner = tablesIn(value);
    if (inner === null || depth >= depthMax) flat.set(key, showValue(value));
    else for (const [path, text] of flatten(inner, key, depth + 1)) flat.set(path, text);
  }
  return flat;
}

function tablesIn(value: unknown): Values | null {
  if (typeof value !== "object" || value === null || isDate(value)) return null;
  const inner = Object.entries(value);
  const isTable = !Array.isArray(value) || inner.some(([, item]) => typeof item === "object");
  return isTable && inner.length > 0 ? Object.fromEntries(inner) : null;
}

const isDate = (value: object): boolean => "toISOString" in value;

/** Numbers of TOML may be larger than JSON has them. */
const showValue = (value: unknown): string =>
  typeof value === "bigint" ? value.toString() : JSON.stringify(value);

/** Keys that say what a package is and needs; all others may configure a tool. */
const plainKeys: Readonly<Record<string, RegExp>> = {
  "package.json":
    /^(?:name|version|description|keywords|license|author|contributors|homepage|bugs|repository|funding|private|main|module|types|typings|exports|browser|bin|files|directories|man|sideEffects|engines|os|cpu|(?:dev|peer|optional|bundled?)?[dD]ependencies|peerDependenciesMeta)(?:\.|$)/,
  "pyproject.toml":
    /^(?:project(?!\.entry-points)|dependency-groups|tool\.uv\.(?:sources|dev-dependencies)|tool\.pdm\.dev-dependencies|tool\.poetry\.(?!scripts|plugins|build)\S+|tool\.hatch\.envs\.[^.]+\.(?:extra-)?dependencies)(?:\.|$)/,
  "Cargo.toml":
    /^(?:package\.(?!auto|build|metadata)\S+|(?:workspace\.)?(?:dev-|build-)?dependencies|target\..*\.(?:dev-|build-)?dependencies|features|patch|replace|workspace\.package|(?:lib|bin|example)(?:\.\d+)?\.(?:name|path|edition|crate-type|proc-macro|doc|required-features))(?:\.|$)/,
};

function plainKeysOf(path: string): ((key: string) => boolean) | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const pattern = Object.hasOwn(plainKeys, name) ? plainKeys[name] : undefined;
  return pattern === undefined ? undefined : (key) => pattern.test(key);
}
