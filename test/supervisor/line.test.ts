/**
 * Many workspaces at once, people pushing meanwhile, and pairs of changes that are green alone and red together: every
 * commit on the target is green, every good change lands once, and no bad one ever does.
 */
import { rmSync } from "node:fs";
import { it } from "vitest";
import { makeFolder, runGit } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

/** Red: a bad part, or both parts of a pair (`a-1` and `b-1`). Judges a listing, so that commits can be judged, too. */
const checker = `import { readdirSync } from "node:fs";
const parts = process.argv.length > 2 ? process.argv.slice(2) : readdirSync("parts");
const isPair = (part) => part.startsWith("a-") && parts.includes("b-" + part.slice(2));
process.exitCode = parts.some((part) => part.startsWith("bad-") || isPair(part)) ? 1 : 0;
`;

interface Mix {
  readonly good: number;
  readonly bad: number;
  readonly pairs: number;
}

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}-${at + 1}`);

function createLine(mix: Mix, concurrency: number, seed: string): Promise<World> {
  const { good, bad, pairs } = mix;
  return createWorld({
    tasks: [...names("good", good), ...names("bad", bad), ...names("a", pairs), ...names("b", pairs)],
    agent: { "*": "brings-a-part", [seed]: "brings-a-part" },
    files: { "parts/.keep": "", "check.mjs": checker },
    config: {
      concurrency,
      gates: [{ name: "check", run: "node check.mjs" }],
      limits: { attempts: 1, rounds: 0, run: { failures_in_a_row: 99 } },
    },
  });
}

/** What landed, sorted, and the commits that are red. */
function judgeLine({ repository }: World): { landed: readonly string[]; red: readonly string[] } {
  const commits = repository.git("rev-list", "--first-parent", "--reverse", "main").split("\n");
  const partsOf = (commit: string): readonly string[] =>
    repository
      .git("ls-tree", "--name-only", `${commit}:parts`)
      .split("\n")
      .filter((part) => part !== ".keep");
  const isRed = (parts: readonly string[]): boolean =>
    parts.some(
      (part) =>
        part.startsWith("bad-") || (part.startsWith("a-") && parts.includes(`b-${part.slice("a-".length)}`)),
    );
  const landed = repository
    .git("log", "--first-parent", "--format=%s", "main")
    .split("\n")
    .filter((subject) => subject.startsWith("Do "))
    .map((subject) => subject.slice("Do ".length));
  return { landed: landed.toSorted(), red: commits.filter((commit) => isRed(partsOf(commit))) };
}

/** Commits and pushes as people do, again and again until the run is over. Returns how many got through. */
async function pushMeanwhile(world: World, over: AbortSignal): Promise<number> {
  const clone = makeFolder("person");
  runGit(clone, ["clone", "-q", world.repository.path, "."]);
  let pushed = 0;
  for (let n = 1; !over.aborted && pushed < 4; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    runGit(clone, ["pull", "-q", "--rebase", "origin", "main"]);
    runGit(clone, ["commit", "-q", "--allow-empty", "-m", `A person, ${n}`]);
    try {
      runGit(clone, ["push", "-q", "origin", "HEAD:main"]);
      pushed += 1;
    } catch {
      runGit(clone, ["reset", "-q", "--hard", "HEAD~1"]);
    }
  }
  rmSync(clone, { recursive: true, force: true });
  return pushed;
}

it.concurrent.for([
  [1, "one"],
  [2, "two"],
  [4, "four"],
  [8, "eight"],
  [8, "another eight"],
] as const)(
  "with %i at once (seed %s) nothing red lands, and everything good once",
  async ([concurrency, seed], { expect }) => {
    const mix = { good: 5, bad: 2, pairs: 2 };
    await using world = await createLine(mix, concurrency, seed);
    // The target is checked out nowhere: people push to it.
    world.repository.git("checkout", "-q", "--detach");
    const run = world.start();
    const over = new AbortController();
    void run.done.then(() => over.abort());
    const pushed = await pushMeanwhile(world, over.signal);
    const { status, stderr } = await run.done;
    expect(status, stderr).toBe(1);
    const { landed, red } = judgeLine(world);
    expect(red).toEqual([]);
    expect(landed.filter((task) => task.startsWith("good"))).toEqual(names("good", mix.good));
    expect(landed.filter((task) => task.startsWith("bad"))).toEqual([]);
    // Of each pair one: whichever came first.
    expect(landed.map((task) => /^[ab]-(\d+)$/.exec(task)?.[1]).filter((pair) => pair !== undefined)).toEqual(
      expect.arrayContaining(["1", "2"]),
    );
    expect(landed).toHaveLength(mix.good + mix.pairs);
    const subjects = world.repository.git("log", "--first-parent", "--format=%s", "main");
    expect(subjects.match(/^A person/gm)?.length ?? 0).toBe(pushed);
    expect(world.leftovers().filter((left) => !left.startsWith("checkout"))).toEqual([]);
  },
);

it.concurrent("the same tasks land with one workspace and with eight", async ({ expect }) => {
  const mix = { good: 8, bad: 3, pairs: 0 };
  const outcomes = await Promise.all(
    [1, 8].map(async (concurrency) => {
      await using world = await createLine(mix, concurrency, "same");
      await world.run();
      return judgeLine(world);
    }),
  );
  expect(outcomes[0]).toEqual({ landed: names("good", mix.good), red: [] });
  expect(outcomes[1]).toEqual(outcomes[0]);
});
