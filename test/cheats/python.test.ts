/** The cases of the Python sample. */
import { judgeCases } from "./judge-cases.ts";

judgeCases("python");
