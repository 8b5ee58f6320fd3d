/** Where state is kept, and where it may not be: real folders, and repositories with more than one work tree. */
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findRepository } from "../../../src/adapters/git/repository.ts";
import { locateState, makeState } from "../../../src/adapters/state/state-folder.ts";
import { createRepository, makeFolder } from "../../support/repository.ts";

const repository = { gitDir: "/home/me/words/.git", top: "/home/me/words", name: "words" };

const pathOf = (environment: Readonly<Record<string, string>>): string =>
  locateState(repository, environment).path;

describe("The state directory", () => {
  it("is where the environment says; what is empty there says nothing", () => {
    const name = "ralphwright/words-";
    expect(pathOf({ RALPH_STATE_DIR: "/state", XDG_STATE_HOME: "/xdg" })).toBe("/state");
    expect(pathOf({ XDG_STATE_HOME: "/xdg" })).toMatch(new RegExp(`^/xdg/${name}[0-9a-f]{8}$`));
    const fallback = pathOf({});
    expect(fallback.startsWith(join(homedir(), ".local/state", name))).toBe(true);
    expect(pathOf({ RALPH_STATE_DIR: "", XDG_STATE_HOME: "" })).toBe(fallback);
    expect(pathOf({ XDG_STATE_HOME: "relative" })).toBe(fallback);
  });

  it("is another one for another repository of the same name", () => {
    const other = { ...repository, gitDir: "/elsewhere/words/.git" };
    expect(locateState(other, {}).path).not.toBe(locateState(repository, {}).path);
  });

  it("is not taken from a relative path: it would change with the folder one stands in", () => {
    expect(() => pathOf({ RALPH_STATE_DIR: "state" })).toThrow(
      expect.objectContaining({
        code: "usage",
        message: "RALPH_STATE_DIR is state, which is not a full path",
      }),
    );
  });

  it("may lie beside the repository, but not in its git directory or any work tree of it", async () => {
    using project = createRepository();
    const folder = makeFolder("state");
    const linked = join(folder, "linked");
    project.git("worktree", "add", "-q", "--detach", linked);
    symlinkSync(project.path, join(folder, "link"));
    const found = await findRepository(linked);
    const refusal = expect.objectContaining({
      code: "usage",
      message: expect.stringContaining("lies inside the repository"),
    });
    for (const inside of [project.path, linked, join(project.path, ".git"), join(folder, "link")]) {
      expect(() => locateState(found, { RALPH_STATE_DIR: inside })).toThrow(refusal);
      expect(() => locateState(found, { RALPH_STATE_DIR: join(inside, "not/yet") })).toThrow(refusal);
      expect(() => locateState(found, { XDG_STATE_HOME: inside })).toThrow(refusal);
    }
    for (const beside of [`${project.path}-state`, join(folder, "linked-state"), folder]) {
      expect(locateState(found, { RALPH_STATE_DIR: beside }).path).toBe(beside);
    }
    rmSync(folder, { recursive: true });
  });

  it("may not lie in a bare repository", async () => {
    const folder = makeFolder("bare");
    using project = createRepository();
    project.git("clone", "-q", "--bare", project.path, join(folder, "words.git"));
    const found = await findRepository(join(folder, "words.git"));
    expect(() => locateState(found, { RALPH_STATE_DIR: join(folder, "words.git", "state") })).toThrow(
      "lies inside the repository",
    );
    expect(locateState(found, { RALPH_STATE_DIR: join(folder, "state") }).path).toBe(join(folder, "state"));
    rmSync(folder, { recursive: true });
  });

  it("is made for its owner alone, as often as one likes", () => {
    const folder = makeFolder("state");
    const state = locateState(repository, { RALPH_STATE_DIR: join(folder, "a/b") });
    makeState(state);
    makeState(state);
    expect(statSync(state.work).mode & 0o077).toBe(0);
    expect(statSync(join(folder, "a")).mode & 0o077).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it("is refused where a file has its name or that of a folder above it", () => {
    const folder = makeFolder("state");
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "b"), join(file, "b/c")]) {
      expect(() => makeState(locateState(repository, { RALPH_STATE_DIR: path }))).toThrow(
        expect.objectContaining({
          code: "state-not-writable",
          message: `the state directory ${path} cannot be written: ${file} is a file`,
          hint: "Set RALPH_STATE_DIR to a directory that you may write.",
        }),
      );
    }
    rmSync(folder, { recursive: true });
  });

  it.skipIf(!existsSync("/proc/self"))("is refused, not tried for ever, where no folder can be made", () => {
    expect(() => makeState(locateState(repository, { RALPH_STATE_DIR: "/proc/ralphwright/a" }))).toThrow(
      expect.objectContaining({ code: "state-not-writable" }),
    );
  });

  it("may be a symbolic link to a folder", () => {
    const folder = makeFolder("state");
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    makeState(locateState(repository, { RALPH_STATE_DIR: join(folder, "link") }));
    expect(existsSync(join(folder, "real", "work"))).toBe(true);
    rmSync(folder, { recursive: true });
  });
});
