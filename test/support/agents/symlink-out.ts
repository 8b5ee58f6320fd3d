/** Leaves a symbolic link that leads out of the repository. */
import { symlinkSync } from "node:fs";
import { addModule } from "./hands.ts";

addModule();
symlinkSync("/etc/passwd", "src/passwords");
