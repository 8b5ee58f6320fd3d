/** Prints its whole environment, then does honest work. */
import { addModule } from "./hands.ts";

console.log(JSON.stringify(process.env));
addModule();
