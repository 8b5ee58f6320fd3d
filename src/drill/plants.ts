/** All plants that a repository gives occasion for, those first that need no gate. */
import { createDice, shuffle } from "./chance.ts";
import { codePlants } from "./code-plants.ts";
import { filePlants } from "./file-plants.ts";
import { isSource, isTest } from "./language.ts";
import type { Ground, NotApplicable, Plant } from "./plant.ts";
import { settingPlants } from "./setting-plants.ts";
import { testPlants } from "./test-plants.ts";

export interface Plants {
  readonly plants: readonly Plant[];
  readonly absent: readonly NotApplicable[];
}

/** Same ground, same seed: same plants. */
export function makePlants(ground: Ground, seed: number): Plants {
  const all = [
    ...settingPlants(ground),
    ...filePlants(ground, seed),
    ...testPlants(ground),
    ...codePlants(ground, seed),
  ];
  const plants = all.flatMap((planted) => (planted.kind === "plant" ? [planted.plant] : []));
  return {
    plants: [
      ...plants.filter(({ stage }) => stage === "guard"),
      ...plants.filter(({ stage }) => stage === "gates"),
    ],
    absent: all.flatMap((planted) => (planted.kind === "plant" ? [] : [planted.absent])),
  };
}

/** Enough files to choose from; a drill of a large repository need not read all of it. */
const filesMax = 300;

/** Code and tests in the order that chance gives them. */
export function chooseFiles(
  paths: readonly string[],
  seed: number,
): { readonly sources: readonly string[]; readonly tests: readonly string[] } {
  const roll = createDice(seed);
  const choose = (isWanted: (path: string) => boolean): readonly string[] =>
    shuffle(paths.filter(isWanted), roll).slice(0, filesMax);
  return { sources: choose(isSource), tests: choose(isTest) };
}

/** Files beside code and tests that plants may be made from. */
export const isSetting = (path: string): boolean =>
  /(^|\/)(package\.json|conftest\.py|AGENTS\.md|\.gitignore|\.gitattributes)$/.test(path) ||
  /(^|\/)\.?[\w-]+(\.[\w-]+)?\.(config|conf)\.\w+$|(^|\/)(\.[\w-]+|tsconfig[\w.-]*|biome|pyrightconfig)(\.\w+)?$/.test(
    path,
  ) ||
  /\.(toml|ini|cfg|ya?ml|xml|snap|ambr|golden|md)$|\.approved\.\w+$|(^|\/)(__snapshots__\/|Jenkinsfile$|\.ci\/)/.test(
    path,
  );
