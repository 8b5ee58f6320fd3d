/** Does honest work and claims nothing. */
import { addModule } from "./hands.ts";

addModule();
