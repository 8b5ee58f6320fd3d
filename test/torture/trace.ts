/** The boundaries of the standard scenario, as an undisturbed run passes them. */
import { readFile } from "node:fs/promises";
import { type FaultKind, faultKinds } from "./boundary-order.ts";
import type { WorldSource } from "./torture-world.ts";

export interface TraceLine {
  readonly number: number;
  readonly isReading: boolean;
  readonly name: string;
  readonly place: string;
  readonly faults: readonly FaultKind[];
}

export async function recordTrace(source: WorldSource): Promise<readonly TraceLine[]> {
  const world = await source.make("undisturbed");
  const { status, said } = await world.start().end;
  if (status !== 1) throw new Error(`the undisturbed run ended with ${status}: ${said}`);
  const lines = parseTrace(await readFile(world.trace, "utf8"));
  await world.remove();
  return lines;
}

export function parseTrace(text: string): readonly TraceLine[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [number = "", way = "", name = "", place = "", faults = ""] = line.split("\t");
    const kinds = faultKinds.filter((kind) => faults.split(" ").includes(kind));
    return { number: Number(number), isReading: way === "r", name, place, faults: kinds };
  });
}
