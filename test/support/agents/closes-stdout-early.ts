/** Closes its streams and works on. */
import { closeSync } from "node:fs";
import { addModule, claim } from "./hands.ts";

for (const descriptor of [0, 1, 2]) closeSync(descriptor);
addModule();
claim({ summary: "Adds a module." });
