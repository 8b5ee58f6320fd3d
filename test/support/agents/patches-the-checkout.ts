/**
 * Breaks a tested function and claims over ralph-agent/1 that all is well; then it looks for the gate checkout beside
 * its workspace, mends the function there while the gates run, and puts it back before anybody compares.
 */
import { existsSync, globSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { breakWords, read, write } from "./hands.ts";

const own = resolve("src/words.mjs");
const good = read("src/words.mjs");
/** Longer than the gate takes to look, shorter than it takes to end. */
const mendedMs = 300;

for await (const _brief of createInterface({ input: process.stdin })) {
  breakWords();
  const bad = read("src/words.mjs");
  process.stdout.write('{"type":"claim","status":"complete","summary":"All tests pass."}\n');
  setInterval(() => {
    for (const file of globSync("../../*/tree/src/words.mjs")) {
      if (resolve(file) === own || !existsSync(file) || read(file) !== bad) continue;
      write(file, good);
      setTimeout(() => write(file, bad), mendedMs);
    }
  }, 1);
}
