/** What a scenario of the torture is, and how many of them run beside each other. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { judgeEnding } from "./world-judge.ts";
import type { Ending, StartOptions, TortureWorld, WorldPlan, WorldSource } from "./torture-world.ts";

export interface Scenario {
  /** Says to the family which one it is: `after:17`. */
  readonly name: string;
  readonly plan?: WorldPlan;
  /** Returns broken promises. */
  run(scene: Scene): Promise<readonly string[]>;
}

/** A world, and what happened in it. */
export interface Scene {
  readonly world: TortureWorld;
  /** What was done to it, counted: `kills`, `faults`. */
  readonly figures: Map<string, number>;
  count(figure: string): void;
  /** One supervisor from start to end; `meanwhile` is done to it by its pid. */
  supervise(options?: StartOptions, meanwhile?: (pid: number) => Promise<void>): Promise<Ending>;
  /** What supervisors told that they may not tell. */
  readonly broken: readonly string[];
  readonly endings: readonly Ending[];
}

export interface Family {
  readonly name: string;
  /** One line for people: what is done here. */
  readonly purpose: string;
  /** How many are run when nothing else is said: in the short part, and in the long one (null: all there are). */
  readonly quick: number;
  readonly long: number | null;
  /** `count`: how many are wanted; null for as many as there are. `only`: just the one of that name. */
  plan(source: WorldSource, order: FamilyOrder): Promise<readonly Scenario[]>;
}

export interface FamilyOrder {
  readonly count: number | null;
  readonly seed: number;
  readonly only: string | null;
}

function openScene(world: TortureWorld): Scene {
  const figures = new Map<string, number>();
  const broken: string[] = [];
  const endings: Ending[] = [];
  return {
    world,
    figures,
    broken,
    endings,
    count: (figure) => void figures.set(figure, (figures.get(figure) ?? 0) + 1),
    async supervise(options, meanwhile) {
      const supervisor = world.start(options);
      const [ending] = await Promise.all([supervisor.end, meanwhile?.(supervisor.pid)]);
      endings.push(ending);
      broken.push(...judgeEnding(ending));
      return ending;
    },
  };
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly broken: readonly string[];
  readonly figures: ReadonlyMap<string, number>;
  /** Where the world was kept for looking; null when it kept all promises. */
  readonly kept: string | null;
}

export interface Lanes {
  readonly lanes: number;
  readonly tell: (outcome: Outcome) => void;
  /** Nothing new begins once it is aborted. */
  readonly signal: AbortSignal;
}

/** Runs them in so many lanes, and tells each outcome as it comes. */
export async function runLanes(
  source: WorldSource,
  scenarios: readonly Scenario[],
  { lanes, tell, signal }: Lanes,
): Promise<void> {
  const left = [...scenarios.entries()];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined && !signal.aborted; next = left.shift())
      tell(await runScenario(source, next[1], `${next[0]}-${next[1].name.replaceAll(/\W+/g, "-")}`));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Its world is removed, or kept for looking with what was told in `broken.txt`. */
export async function runScenario(source: WorldSource, scenario: Scenario, folder: string): Promise<Outcome> {
  const world = await source.make(folder, scenario.plan);
  const scene = openScene(world);
  const found = await scenario
    .run(scene)
    .catch((error: unknown) => [`the scenario broke off: ${String(error)}`]);
  const broken = [...scene.broken, ...found];
  const { figures } = scene;
  if (broken.length === 0) {
    await world.remove();
    return { scenario, broken, figures, kept: null };
  }
  const told = scene.endings.map(({ status, signal, said }) => `--- ${status ?? signal}\n${said}`);
  await writeFile(join(world.folder, "broken.txt"), [...broken, ...told].join("\n"));
  return { scenario, broken, figures, kept: world.folder };
}

/** `count` of them, evenly spread over the whole list; all of them for null. */
export function spread<Each>(list: readonly Each[], count: number | null): readonly Each[] {
  if (count === null || count >= list.length) return list;
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]).filter(
    (each) => each !== undefined,
  );
}
