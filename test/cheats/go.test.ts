/** The cases of the Go sample. */
import { judgeCases } from "./judge-cases.ts";

judgeCases("go");
