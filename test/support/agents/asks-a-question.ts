/** Stops with an honest question. */
import { addModule, claim } from "./hands.ts";

addModule();
claim({ status: "blocked", summary: "I do not know which.", question: "Shall dots end a word, too?" });
