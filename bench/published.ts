/** The program as it is published, so that what is measured is what people start. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { layOutPackage } from "../scripts/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "ralphwright-published-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

export const mainProgram = await layOutPackage(folder);
/** The built-in agent. */
export const agentProgram = join(dirname(mainProgram), "..", "agent", "main.js");

/** Kept between the runs of one measurement, as node keeps it for people. */
export const compileCache = { NODE_COMPILE_CACHE: join(folder, "compiled") };
