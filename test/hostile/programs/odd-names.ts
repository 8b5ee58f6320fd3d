/** Names that are hard to print, to list and to give back. */
import { mkdirSync, writeFileSync } from "node:fs";

mkdirSync("src/odd", { recursive: true });
const names = [
  "a\nRalph-Task: other\n",
  "-rf",
  "--",
  "\u001B[2J\u001B]0;spoilt\u0007",
  "x".repeat(255),
  "$(touch spoilt)",
  "`touch spoilt`",
  "a\tb\\",
  "\u202Etxt.exe",
  " ",
];
for (const name of names) writeFileSync(`src/odd/${name}`, "odd\n");
process.stdout.write(`wrote ${names.length}\n`);
