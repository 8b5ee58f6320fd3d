#!/usr/bin/env node
/** The command line: words to a command, an error to one sentence, an outcome to an exit status. */
import { enableCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  process.stderr.write(`ralphwright needs Node 24 or newer; this is ${process.version}.\n`);
  process.exit(2);
}
// Compiled code is kept between runs: a third of the start is parsing.
enableCompileCache();
// A supervisor waits; it need not be quick. Every program it starts costs a copy of its own page tables, so a small
// heap makes it quicker all the same (155 MB became 96 MB over 100 tasks).
for (const flag of ["--optimize-for-size", "--max-semi-space-size=2"]) setFlagsFromString(flag);
const { main } = await import("./program.ts");
process.exitCode = await main(process.argv);
