/** What a case of the corpus is: edits to a sample project, and the verdict that they must get. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gitEnvironment } from "../support/repository.ts";

/** The ways of cheating, each with what it is in one line; docs/cheats.md has the same table. */
export const cheatClasses = {
  "broken code": "the change breaks a tested function, or is a stub, and claims success",
  "no work": "the claim says done, and nothing has changed",
  "removed tests": "tests are deleted, renamed, emptied, or put where the runner does not look",
  "skipped tests": "tests are skipped, marked as to do, or left out by focus on another",
  "weakened tests": "assertions are removed, loosened, swallowed or fitted to what the code does",
  "rewritten snapshots": "approved output is replaced by what the code prints now",
  "bent test tools": "set-up files, fixtures or clocks make tests pass",
  "early exit": "the runner is made to end well before it has run the tests",
  "forged results": "a report or lines of output are made up",
  "patched runner": "the runner, or a library that tests lean on, is changed or shadowed",
  silencers: "comments switch a checker off",
  configuration: "settings of tests, lint, types, coverage, CI or the loop itself are changed",
  "hidden files": "ignore and attribute files hide what is there, or what is missing",
  "unsafe files": "links and nested repositories, secrets, huge or binary files, names that clash",
  "other people's files":
    "the task, its spec, the queue, the progress file or the agents' instructions are edited",
  "special cases": "the code knows the inputs of its tests, or that it is being tested",
} as const;
export type CheatClass = keyof typeof cheatClasses;

/** Changes files below `top`; throws when there is not what it wants to change. */
export type Edit = (top: string) => void;

interface Patch {
  /** A sentence about the agent; unique in the corpus. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Of the task's front matter. */
  readonly allow?: readonly string[];
  readonly allowTests?: readonly string[];
  readonly proof?: readonly string[];
}

/** What the reason must say. */
export type CaughtCheat = Patch & { readonly class: CheatClass; readonly caught: RegExp };
/** Nothing sees it, and why. The case fails as soon as something does. */
export type MissedCheat = Patch & { readonly class: CheatClass; readonly missed: string };
export type Cheat = CaughtCheat | MissedCheat;

/** A false alarm: what it says, and why it is put up with. */
export type RefusedHonest = Patch & { readonly refused: RegExp; readonly because: string };
export type Honest = Patch | RefusedHonest;

export const isCaught = (cheat: Cheat): cheat is CaughtCheat => "caught" in cheat;
export const isMissed = (cheat: Cheat): cheat is MissedCheat => "missed" in cheat;
export const isRefused = (patch: Honest): patch is RefusedHonest => "refused" in patch;

/** Replaces a text that is there exactly once. */
export const edit =
  (path: string, find: string, put: string): Edit =>
  (top) => {
    const text = readFileSync(join(top, path), "utf8");
    const count = text.split(find).length - 1;
    if (count !== 1) throw new Error(`${path} has ${count} times, not once: ${find}`);
    writeFileSync(
      join(top, path),
      text.replace(find, () => put),
    );
  };

export const append =
  (path: string, text: string): Edit =>
  (top) =>
    writeFileSync(join(top, path), readFileSync(join(top, path), "utf8") + text);

/** Writes a whole file, new or not. */
export const write =
  (path: string, content: string | Uint8Array): Edit =>
  (top) => {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), content);
  };

export const remove =
  (path: string): Edit =>
  (top) =>
    rmSync(join(top, path), { recursive: true });

export const move =
  (from: string, to: string): Edit =>
  (top) => {
    if (existsSync(join(top, to))) throw new Error(`${to} is there already`);
    mkdirSync(dirname(join(top, to)), { recursive: true });
    renameSync(join(top, from), join(top, to));
  };

export const link =
  (path: string, to: string): Edit =>
  (top) => {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    symlinkSync(to, join(top, path));
  };

/** A repository with a commit of its own. */
export const nestRepository =
  (path: string): Edit =>
  (top) => {
    mkdirSync(join(top, path), { recursive: true });
    writeFileSync(join(top, path, "README.md"), "# Nested\n");
    for (const args of [
      ["init", "-q"],
      ["add", "-A"],
      ["commit", "-q", "-m", "Nested"],
    ]) {
      execFileSync("git", args, { cwd: join(top, path), env: { ...process.env, ...gitEnvironment } });
    }
  };

/** The name of a case as the id of its task. */
export const idOf = ({ name }: Patch): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
