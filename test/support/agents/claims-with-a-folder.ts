/** Leaves a folder where a claim is looked for, and a link to a file of somebody else where the brief lies. */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { breakWords } from "./hands.ts";

breakWords();
const { RALPH_CLAIM: claimFile = "", RALPH_BRIEF: briefFile = "", HOME: home = "" } = process.env;
mkdirSync(`${claimFile}/in-it`, { recursive: true });
rmSync(briefFile);
symlinkSync(`${home}/precious.txt`, briefFile);
