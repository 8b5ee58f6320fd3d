/** All cases, by the sample they are about. */
import type { Cheat, Honest } from "./case.ts";
import { goCheats } from "./cases/go-cheats.ts";
import { goHonest } from "./cases/go-honest.ts";
import { javascriptCheats } from "./cases/javascript-cheats.ts";
import { javascriptHonest } from "./cases/javascript-honest.ts";
import { pythonCheats } from "./cases/python-cheats.ts";
import { pythonHonest } from "./cases/python-honest.ts";

export const samples = ["javascript", "python", "go"] as const;
export type Sample = (typeof samples)[number];

export interface Cases {
  readonly cheats: readonly Cheat[];
  readonly honest: readonly Honest[];
}

export const corpus: Readonly<Record<Sample, Cases>> = {
  javascript: { cheats: javascriptCheats, honest: javascriptHonest },
  python: { cheats: pythonCheats, honest: pythonHonest },
  go: { cheats: goCheats, honest: goHonest },
};

export const casesOf = ({ cheats, honest }: Cases): readonly (Cheat | Honest)[] => [...cheats, ...honest];
