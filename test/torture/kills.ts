/** One kill at every boundary of the standard scenario, before it and after it; then one undisturbed run. */
import type { BoundaryOrder } from "./boundary-order.ts";
import { spread, type Family, type Scenario } from "./scenario.ts";
import { recordTrace } from "./trace.ts";
import { judgeWorld } from "./world-judge.ts";

export const kills: Family = {
  name: "kills",
  purpose: "one kill before or after each boundary",
  quick: 26,
  long: null,
  async plan(source, order) {
    const [, aside, nth] = /^(before|after):(\d+)$/.exec(order.only ?? "") ?? [];
    if (order.only !== null)
      return aside === undefined ? [] : [killAt(aside === "after" ? aside : "before", Number(nth))];
    const trace = await recordTrace(source);
    // To have read something changes nothing: to die after it is to die before what follows.
    const points = trace.flatMap(({ number, isReading }) =>
      isReading ? [["before", number] as const] : [["before", number] as const, ["after", number] as const],
    );
    return spread(
      points.map(([side, at]) => killAt(side, at)),
      order.count,
    );
  },
};

type Side = NonNullable<BoundaryOrder["self"]>["side"];

const killAt = (side: Side, at: number): Scenario => ({
  name: `${side}:${at}`,
  async run(scene) {
    const killed = await scene.supervise({ order: { self: { signal: "SIGKILL", side, at } } });
    scene.count(killed.signal === "SIGKILL" ? "kills" : "not reached");
    return judgeWorld(scene.world, await scene.supervise());
  },
});
