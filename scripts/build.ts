/** Makes `dist`, the program as it is published: `npm run build`. The declarations beside it are the compiler's. */
import { join } from "node:path";
import { bundleProgram } from "./bundle.ts";

await bundleProgram(join(import.meta.dirname, "..", "dist"));
