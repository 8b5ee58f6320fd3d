/** The record of the last drill, text → value. */
import { z } from "zod";

const count = z.int().nonnegative();

const schema = z.object({
  at: z.string(),
  configuration: z.string(),
  base: z.string(),
  seed: z.number(),
  caught: count,
  total: count,
  missed: z.array(z.object({ class: z.string(), name: z.string() })),
});

/** @throws Error for anything that no drill wrote. */
export const parseDrillRecord = (text: string): z.infer<typeof schema> => schema.parse(JSON.parse(text));
