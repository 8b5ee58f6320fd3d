/** All families of the torture, in the order in which they run. */
import { faults } from "./faults.ts";
import { kills } from "./kills.ts";
import { multi } from "./multi.ts";
import type { Family } from "./scenario.ts";
import { split } from "./split.ts";
import { trees } from "./trees.ts";

export const families: readonly Family[] = [kills, multi, split, faults, trees];
