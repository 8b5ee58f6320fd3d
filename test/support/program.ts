/** The program that whole tests start. */
import { join } from "node:path";

/** Set by test/support/session.ts. */
export const packageVariable = "RALPHWRIGHT_PACKAGE";

/** As people install it; outside of a session of tests, and for who debugs, the sources. */
const published = process.env[packageVariable];
const sources = join(import.meta.dirname, "..", "..", "src");

export const mainProgram =
  published === undefined ? join(sources, "cli", "main.ts") : join(published, "dist", "cli", "main.js");
/** The built-in agent. */
export const agentProgram =
  published === undefined ? join(sources, "agent", "main.ts") : join(published, "dist", "agent", "main.js");

const cached = process.env["NODE_COMPILE_CACHE"];
/** For its environment: starting is most of a short run's work. */
export const compileCache = cached === undefined ? {} : { NODE_COMPILE_CACHE: cached };
