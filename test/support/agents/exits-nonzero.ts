/** Breaks down after some good work. */
import { addModule } from "./hands.ts";

addModule();
process.stderr.write("the model is overloaded\n");
process.exitCode = 3;
