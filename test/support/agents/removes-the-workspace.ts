/** Removes the directory it works in. */
import { rmSync } from "node:fs";

rmSync(process.cwd(), { recursive: true, force: true });
