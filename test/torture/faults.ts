/** One fault at every call that it can hit, once or from there on; then, with the fault gone, an undisturbed run. */
import { type FaultKind, faultKinds } from "./boundary-order.ts";
import { spread, type Family, type Scenario, type Scene } from "./scenario.ts";
import type { Ending } from "./torture-world.ts";
import { recordTrace } from "./trace.ts";
import { judgeWorld } from "./world-judge.ts";

export const faults: Family = {
  name: "faults",
  purpose: "one fault at each call that it can hit, once or lasting",
  quick: 20,
  long: null,
  async plan(source, { count, only }) {
    if (only !== null) return [faultNamed(only)].filter((scenario) => scenario !== null);
    const trace = await recordTrace(source);
    const all = faultKinds.map((kind) => {
      const hits = trace.filter((line) => line.faults.includes(kind)).length;
      return Array.from({ length: hits }, (_, i) =>
        [true, false].map((isLasting) => faultAt(kind, i + 1, isLasting)),
      ).flat();
    });
    // The same number of each kind, however many calls it can hit.
    const each = count === null ? null : Math.ceil(count / all.length);
    return all.flatMap((scenarios) => spread(scenarios, each));
  },
};

function faultNamed(name: string): Scenario | null {
  const [, code, at, how] = /^(\w+):(\d+):(on|once)$/.exec(name) ?? [];
  const kind = faultKinds.find((each) => each === code);
  return kind === undefined ? null : faultAt(kind, Number(at), how === "on");
}

const faultAt = (kind: FaultKind, at: number, isLasting: boolean): Scenario => ({
  name: `${kind}:${at}:${isLasting ? "on" : "once"}`,
  async run(scene) {
    const faulty = await scene.supervise({ order: { fault: { kind, at, isLasting } } });
    scene.count("faults");
    const silent = judgeWords(scene, faulty);
    return [...silent, ...(await judgeWorld(scene.world, await scene.supervise()))];
  },
});

/** Ended in order, or went on to the end; and if not to the end, it says why. */
function judgeWords(scene: Scene, { status, signal, said }: Ending): readonly string[] {
  scene.count(status === 1 ? "went on" : "ended in order");
  if (signal !== null) return [`a fault ended it by ${signal}`];
  if (status === 1 || status === 0) return [];
  return said.trim() === "" ? [`it ended with ${status} and said nothing`] : [];
}
