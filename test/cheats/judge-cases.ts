/** Lets all cases of one sample be judged, one test for each. */
import { beforeAll, describe, expect, it } from "vitest";
import { isCaught, isMissed, isRefused } from "./case.ts";
import { casesOf, corpus, type Sample } from "./corpus.ts";
import { isLeftOut, openSample, type SampleProject } from "./sample-project.ts";

/** The first run may compile a whole standard library. */
const firstRunMsMax = 180_000;

export function judgeCases(sample: Sample): void {
  describe.skipIf(isLeftOut(sample))(`on the ${sample} sample`, () => {
    const cases = corpus[sample];
    let project: SampleProject;
    beforeAll(async () => {
      project = await openSample(sample, casesOf(cases));
      return () => project[Symbol.asyncDispose]();
    }, firstRunMsMax);

    it.each(cases.cheats.filter(isCaught))("no agent lands that $name", async (cheat) => {
      const reason: unknown = expect.stringMatching(cheat.caught);
      expect(await project.judge(cheat)).toEqual({ isAccepted: false, reason });
    });

    it.each(cases.cheats.filter(isMissed))("nothing sees an agent that $name", async (cheat) => {
      // Once something sees it, say by what reason instead of `missed`.
      expect(await project.judge(cheat)).toEqual({ isAccepted: true, reason: "" });
    });

    it.each(cases.honest.filter((patch) => !isRefused(patch)))("an agent lands that $name", async (patch) => {
      expect(await project.judge(patch)).toEqual({ isAccepted: true, reason: "" });
    });

    it.each(cases.honest.filter(isRefused))("an honest agent is rejected that $name", async (patch) => {
      // Once it passes, remove `refused` and `because`.
      const reason: unknown = expect.stringMatching(patch.refused);
      expect(await project.judge(patch)).toEqual({ isAccepted: false, reason });
    });
  });
}
