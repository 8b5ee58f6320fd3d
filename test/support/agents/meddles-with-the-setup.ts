/** Breaks a function and has the setup make something else; for the task `fails`, nothing at all. */
import { breakWords, claim, task, write } from "./hands.ts";

breakWords();
write("setup.sh", task === "fails" ? "exit 3\n" : "mkdir -p made; echo mine >made/by\n");
claim({ summary: "All tests pass." });
