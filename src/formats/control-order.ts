/** What a supervisor is told through its control door, parsed: a caller is never trusted. */
import { z } from "zod";
import { RalphError } from "../errors.ts";
import { oneLine } from "./one-line.ts";
import { checkShape } from "./shape.ts";

const reasonCharsMax = 300;

const stopOrder = z.strictObject({ how: z.enum(["drain", "now"], { error: '"drain" or "now"' }) });
const pauseOrder = z.strictObject({ reason: z.string({ error: "a text" }).prefault("") });
const emptyOrder = z.strictObject({});

/** @throws RalphError `usage` */
export const parseStopOrder = (body: unknown): z.output<typeof stopOrder> => parse(stopOrder, body);

/** The reason is one line, and null when none is given. @throws RalphError `usage` */
export function parsePauseOrder(body: unknown): { readonly reason: string | null } {
  const reason = oneLine(parse(pauseOrder, body).reason, reasonCharsMax).trim();
  return { reason: reason === "" ? null : reason };
}

/** @throws RalphError `usage` */
export const parseEmptyOrder = (body: unknown): void => void parse(emptyOrder, body);

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const shaped = checkShape(schema, body);
  if (shaped.kind === "fits") return shaped.value;
  throw new RalphError("usage", shaped.problems.map(({ message }) => message).join("; "));
}
