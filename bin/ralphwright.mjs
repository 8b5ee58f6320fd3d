#!/usr/bin/env node
/** The command `ralphwright`: runs under any Node, and finds one that is new enough for the program itself. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const nodeMajorMin = 24;
/** @param {string} file */
const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));

/** A checkout has its sources, which no build can be older than; a package has the compiled program alone. */
const sources = pathOf("../src/cli/main.ts");
const isCheckout = existsSync(sources);
const program = isCheckout ? sources : pathOf("../dist/cli/main.js");
const installing = `Run \`npm ci\` in ${pathOf("..").replace(/\/$/, "")}`;
/** A development dependency: `npm ci` puts it there. */
const ownNode = pathOf("../node_modules/node/bin/node");

const ignore = () => {};

if (Number(process.versions.node.split(".")[0]) >= nodeMajorMin) {
  await import(pathToFileURL(program).href).catch(explain);
} else if (existsSync(ownNode)) {
  runWith(ownNode);
} else {
  refuse(`this is ${process.version}${isCheckout ? `. ${installing}, which brings one` : ""}`);
}

/** A checkout needs what only developers install; a package brings what it needs. @param {Error & { code?: string }} error */
function explain(error) {
  const isLack = error.code === "ERR_MODULE_NOT_FOUND" && error.message.startsWith("Cannot find package");
  if (!isCheckout || !isLack) throw error;
  process.stderr.write(`ralphwright: the packages of this checkout are not installed. ${installing}.\n`);
  process.exitCode = 2;
}

/** @param {string} node */
function runWith(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal tells the whole group: the child has heard it, and it decides when it ends.
  process.on("SIGINT", ignore);
  process.on("SIGHUP", ignore);
  // Other programs tell this process alone.
  const passOn = () => child.kill("SIGTERM");
  process.on("SIGTERM", passOn);
  child.on("error", (error) => refuse(`${node} cannot be started (${error.message})`));
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    for (const name of ["SIGINT", "SIGHUP", "SIGTERM"]) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** @param {string} why */
function refuse(why) {
  process.stderr.write(`ralphwright needs Node ${nodeMajorMin} or newer, and ${why}.\n`);
  process.exitCode = 2;
}
