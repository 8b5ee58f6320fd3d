/** Takes out of a test's code what only looks like a runner's word: a project's own `fit`, or an option of its own. */

/** `code` is the blanked form of `source`; lines stay where they are. */
export function withoutLookalikes(path: string, code: string, source: string): string {
  if (path.endsWith(".py")) return withoutMain(code, source);
  if (!/\.[cm]?[jt]sx?$/.test(path)) return code;
  return withoutOwnOptions(withoutOwnNames(code, source), source);
}

/** What stands below `if __name__ == "__main__":` runs only when somebody runs the file itself. */
function withoutMain(code: string, source: string): string {
  const [lines, raw] = [code.split("\n"), source.split("\n")];
  if (lines.length !== raw.length) return code;
  let isMain = false;
  return lines
    .map((line, at) => {
      // Both: a line within a string has no code.
      const begins =
        /^if\s+__name__\s*==\s*(["']) {8}\1\s*:\s*$/.test(line) && (raw[at] ?? "").includes("__main__");
      if (/^\S/.test(line)) isMain = begins;
      return isMain && !begins ? "" : line;
    })
    .join("\n");
}

const runnerNames = /\b(?:fit|fdescribe|fcontext|ftest|iit|xit|xtest|xdescribe|xcontext|xspecify)\b/g;

function withoutOwnNames(code: string, source: string): string {
  if (code.search(runnerNames) < 0) return code;
  const isOwn = ownNames(code, source);
  const imported = importsIn(code);
  return code.replaceAll(runnerNames, (name, at: number) => {
    const isMember = /\.\s*$/.test(code.slice(Math.max(0, at - 20), at));
    if (!isMember && isOwn(name)) return `own_${name}`;
    // A package or an object may have a function of that name; a test's begins with its title.
    const isTitled = /^\s*(?:\(\s*["'`]|[.`])/.test(code.slice(at + name.length, at + name.length + 200));
    return (isMember || imported.has(name)) && !isTitled ? `own_${name}` : name;
  });
}

/** Whether a name is declared as a function here, or imported from files of the project and from nowhere else. */
function ownNames(code: string, source: string): (name: string) => boolean {
  // In the code what is said in a string or a comment imports nothing, but where from is blanked.
  const [real, said] = [importsIn(code), importsIn(source)];
  const isOurs = (name: string): boolean =>
    real.has(name) && (said.get(name) ?? [""]).every((from) => /^\.{1,2}\//.test(from));
  const isDeclared = (name: string): boolean =>
    new RegExp(
      String.raw`\bfunction\s+${name}\s*[(<]|\bconst\s+${name}\s*=\s*(?:async\s*)?(?:function\b|\([^()]{0,300}\)\s*(?::[^=]{0,100})?=>|\w+\s*=>)`,
    ).test(code);
  const known = new Map<string, boolean>();
  return (name) => {
    const isOwn = known.get(name) ?? (isOurs(name) || isDeclared(name));
    known.set(name, isOwn);
    return isOwn;
  };
}

const importing =
  /\bimport\s+(?:type\s+)?([\w$]+)?\s*,?\s*(?:\{([^{}]{0,2000})\})?\s*from\s*(["'])([^"'\n]*)\3/g;

/** Name → where it is imported from. */
function importsIn(text: string): ReadonlyMap<string, readonly string[]> {
  const found = [...text.matchAll(importing)].flatMap(([, main, names = "", , from = ""]) =>
    [main ?? "", ...names.split(",")].map((name) => ({ name: /(\w+)\s*$/.exec(name)?.[1] ?? "", from })),
  );
  const byName = Map.groupBy(found, ({ name }) => name);
  return new Map([...byName].map(([name, places]) => [name, places.map(({ from }) => from)]));
}

const options = /\b(?:only|skip|todo)(?=\s*:)/g;
const runner = /^(?:it|test|describe|suite|context|specify|bench|scenario|feature|t|tc|ctx|tap)$/;

/** `only: true` that is given to what is no runner, or that is compared with, is an option of the project. */
function withoutOwnOptions(code: string, source: string): string {
  if (code.search(options) < 0) return code;
  const isOwn = ownNames(code, source);
  return code.replaceAll(options, (word, at: number) => {
    const callee = calleeAround(code, at);
    if (callee === null) return word;
    const steps = callee.split(/[\s.?]+/).filter((step) => step !== "");
    if (steps.some((step) => runner.test(step))) return word;
    return callee.includes(".") || isOwn(steps[0] ?? "") ? `own_${word}` : word;
  });
}

const lookBackMax = 4_000;

/** The name of what is called with an object that holds this place; null where that is not plain to see. */
function calleeAround(code: string, at: number): string | null {
  const brace = openedBefore(code, at);
  if (code[brace] !== "{") return null;
  const parenthesis = openedBefore(code, brace);
  if (code[parenthesis] !== "(") return null;
  const before = code.slice(Math.max(0, parenthesis - 200), parenthesis);
  const callee = /(?:[\w$]+|\))?(?:\s*\.\s*[\w$]+)*$/.exec(before)?.[0].replace(/^\)/, "") ?? "";
  return callee === "" ? null : callee;
}

/** Where the innermost bracket around this place is opened; -1 where none is found near by. */
function openedBefore(code: string, from: number): number {
  let closed = 0;
  for (let at = from - 1; at >= Math.max(0, from - lookBackMax); at -= 1) {
    if (/[)\]}]/.test(code[at] ?? "")) closed += 1;
    if (!/[([{]/.test(code[at] ?? "")) continue;
    if (closed === 0) return at;
    closed -= 1;
  }
  return -1;
}
