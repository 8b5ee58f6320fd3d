/** The cases of the JavaScript sample. */
import { judgeCases } from "./judge-cases.ts";

judgeCases("javascript");
