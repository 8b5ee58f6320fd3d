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
// Before anything is loaded: a heap that has grown stays large.
setFlagsFromString("--max-semi-space-size=2");
const { main } = await import("./program.ts");
process.exitCode = await main(process.argv);
