/** Uses git as if the clone were its own: commits, deletes branches and objects, plants hooks. */
import { execFileSync } from "node:child_process";
import { addModule, claim, write } from "./hands.ts";

const git = (...args: string[]): unknown => execFileSync("git", args, { stdio: "ignore" });
addModule();
write("hook.sh", "#!/bin/sh\necho called >> ../hook-was-called\nexit 1\n");
git("config", "user.email", "agent@example.com");
git("config", "user.name", "Agent");
git("add", "-A");
git("commit", "-q", "-m", "I did it\n\nTask: forged\nRun: forged");
git("checkout", "-q", "-b", "mine");
git("branch", "-D", "main");
git("gc", "-q", "--prune=now");
git("config", "core.hooksPath", ".");
git("config", "core.fsmonitor", "sh hook.sh");
claim({ summary: "Committed." });
