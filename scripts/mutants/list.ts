/** All mutants, and the table of them for docs/mutants.md. */
import { agentMutants } from "./agents.ts";
import { clockMutants } from "./clocks.ts";
import { crashMutants } from "./crash.ts";
import { egressMutants } from "./egress.ts";
import { daemonMutants } from "./daemon.ts";
import { guardMutants } from "./guard.ts";
import { hostileMutants } from "./hostile.ts";
import { judgingMutants } from "./judging.ts";
import { landingMutants } from "./landing.ts";
import { limitMutants } from "./limits.ts";
import type { Mutant } from "./mutant.ts";
import { simulatedMutants } from "./simulated.ts";
import { sandboxMutants } from "./sandbox.ts";
import { slotMutants } from "./slots.ts";
import { soakMutants } from "./soak.ts";
import { testMutants } from "./tests.ts";
import { tortureMutants } from "./torture.ts";

export const mutants: readonly Mutant[] = [
  ...judgingMutants,
  ...testMutants,
  ...guardMutants,
  ...agentMutants,
  ...egressMutants,
  ...slotMutants,
  ...landingMutants,
  ...tortureMutants,
  ...simulatedMutants,
  ...clockMutants,
  ...sandboxMutants,
  ...hostileMutants,
  ...crashMutants,
  ...limitMutants,
  ...daemonMutants,
  ...soakMutants,
];

export const mutantRows = (): readonly (readonly string[])[] =>
  mutants.map(({ name, removes, killedBy }) => [
    `\`${name}\``,
    removes,
    `${killedBy.file}: ${killedBy.title}`,
  ]);
