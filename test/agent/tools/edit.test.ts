/** The `edit` tool on real files. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openFileWorkspace } from "../../support/file-tools.ts";

describe("edit", () => {
  it("changes a file, and shows what it changed", async () => {
    using place = openFileWorkspace();
    place.put("src/a.ts", "const a = 1;\nconst b = 2;\n");
    expect(await place.edit("src/a.ts", "b = 2", "b = $&3")).toMatchObject({
      text: "changed src/a.ts:\n@@ line 2 @@\n-const b = 2;\n+const b = $&3;",
      isError: false,
    });
    expect(place.bytes("src/a.ts").toString()).toBe("const a = 1;\nconst b = $&3;\n");
    expect(readdirSync(join(place.top, "src"))).toEqual(["a.ts"]);
  });

  it("says when the text fits only loosely, and in how many places it was", async () => {
    using place = openFileWorkspace();
    place.put("a", "  one\n  two\n");
    expect((await place.edit("a", "one\ntwo", "one\n2")).text).toBe(
      "changed a (old_string fits but for its indentation):\n@@ line 2 @@\n-  two\n+  2",
    );
    expect((await place.edit("a", "  ", "\t", { replace_all: true })).text).toBe(
      "changed a in 2 places, the first:\n@@ line 1 @@\n-  one\n+\tone",
    );
  });

  it("keeps line endings, byte order mark and how the file ends", async () => {
    using place = openFileWorkspace();
    place.put("a", "\uFEFFone\r\ntwo\nthree\r\nfour");
    await place.edit("a", "one\ntwo", "1\n2\ntwo");
    expect(place.bytes("a").toString()).toBe("\uFEFF1\r\n2\r\ntwo\nthree\r\nfour");
  });

  it("keeps the mode, whatever new files get", async () => {
    using place = openFileWorkspace();
    for (const mode of [0o755, 0o600, 0o664, 0o666]) {
      chmodSync(place.put("run.sh", "a\n"), mode);
      await place.edit("run.sh", "a", "b");
      expect(statSync(join(place.top, "run.sh")).mode & 0o7777).toBe(mode);
    }
  });

  it("keeps the owner, if it may", async () => {
    using place = openFileWorkspace();
    const file = place.put("a", "a\n");
    if (process.getuid?.() === 0) execFileSync("chown", ["12345:54321", file]);
    const { uid, gid } = statSync(file);
    await place.edit("a", "a", "b");
    expect(statSync(file)).toMatchObject({ uid, gid });
  });

  it("changes what a link leads to, and not the link", async () => {
    using place = openFileWorkspace();
    place.put("deep/target", "a\n");
    symlinkSync("deep/target", join(place.top, "link"));
    expect((await place.edit("link", "a", "b")).isError).toBe(false);
    expect(readlinkSync(join(place.top, "link"))).toBe("deep/target");
    expect(place.bytes("deep/target").toString()).toBe("b\n");
    expect(lstatSync(join(place.top, "deep/target")).isFile()).toBe(true);
  });

  it.each(["with space", "two\nlines", "ünï🎉", "-rf", "$HOME", "..x", ".github", "x".repeat(255)])(
    "takes the name %j as it is",
    async (name) => {
      using place = openFileWorkspace();
      place.put(name, "a\n");
      expect((await place.edit(name, "a", "b")).isError).toBe(false);
      expect(place.bytes(name).toString()).toBe("b\n");
      expect(readdirSync(place.top)).toEqual([name]);
    },
  );

  it("changes nothing but what matched, byte by byte, in files of mixed endings", async () => {
    using place = openFileWorkspace();
    const text = fc.string({ unit: fc.constantFrom("a", "é", " ", "\t", "$"), maxLength: 5 });
    const rows = fc.array(fc.tuple(text, fc.constantFrom("\n", "\r\n")), { minLength: 3, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, text, fc.nat(5), async (lines, put, nat) => {
        const at = 1 + (nat % (lines.length - 2));
        const whole = lines.map(([line, end], number): [string, string] => [`${number}<${line}>`, end]);
        const textOf = (some: typeof whole): string => some.map(([line, end]) => line + end).join("");
        place.put("a", textOf(whole));
        const seen = whole.slice(at - 1, at + 2).map(([line]) => line);
        const result = await place.edit("a", seen.join("\n"), [seen[0], `new${put}`, seen[2]].join("\n"));
        expect(result.isError).toBe(false);
        const expected = textOf(whole.with(at, [`new${put}`, whole[at]?.[1] ?? "\n"]));
        expect(place.bytes("a").toString()).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });
});

describe("edit, of what was not seen as it is", () => {
  it("wants the file to be read first, by whatever name", async () => {
    using place = openFileWorkspace();
    place.put("a", "a\n");
    symlinkSync("a", join(place.top, "link"));
    const order = { path: "a", old_string: "a", new_string: "b" };
    expect(await place.call("edit", order)).toMatchObject({
      text: "a has not been read yet: read it first, with read",
      isError: true,
    });
    await place.read("link");
    expect((await place.call("edit", order)).isError).toBe(false);
  });

  it("is content with a part that was read, and goes on after its own changes", async () => {
    using place = openFileWorkspace();
    place.put("a", "a\nb\nc\n");
    await place.read("a", { limit: 1 });
    for (const [old, fresh] of [
      ["b", "x"],
      ["x", "y"],
      ["c", "z"],
    ]) {
      const result = await place.call("edit", { path: "a", old_string: old, new_string: fresh });
      expect(result.isError).toBe(false);
    }
    await place.call("write", { path: "new", content: "a\n" });
    const order = { path: "new", old_string: "a", new_string: "b" };
    expect((await place.call("edit", order)).isError).toBe(false);
    expect(place.bytes("a").toString() + place.bytes("new").toString()).toBe("a\ny\nz\nb\n");
  });

  it("refuses a file that changed since, even in the same moment and to the same size", async () => {
    using place = openFileWorkspace();
    const file = place.put("a", "a\nb\n");
    const { atime, mtime } = statSync(file);
    await place.read("a");
    writeFileSync(file, "a\nc\n");
    utimesSync(file, atime, mtime);
    const order = { path: "a", old_string: "a", new_string: "x" };
    expect(await place.call("edit", order)).toMatchObject({
      text: "a has changed since it was read: read it again",
      isError: true,
    });
    expect(place.bytes("a").toString()).toBe("a\nc\n");
    await place.read("a");
    expect((await place.call("edit", order)).isError).toBe(false);
  });

  it("does not mind that a file was only touched", async () => {
    using place = openFileWorkspace();
    const file = place.put("a", "a\n");
    await place.read("a");
    utimesSync(file, 1, 1);
    expect((await place.call("edit", { path: "a", old_string: "a", new_string: "b" })).isError).toBe(false);
  });

  it("refuses what it could damage or not hold", async () => {
    using place = openFileWorkspace();
    const contents = {
      "not UTF-8": Buffer.from("a caf\xe9\n", "latin1"),
      "text in UTF-16": Buffer.from("\uFEFFa\n", "utf16le"),
      "a binary file": "a\0\n",
      "image/png": Buffer.from("\x89PNG\r\n\x1a\na\0", "latin1"),
    };
    for (const [kind, content] of Object.entries(contents)) {
      place.put("a", content);
      expect(await place.edit("a", "a", "b")).toMatchObject({
        text: `a is ${kind}, which edit would damage: use a command`,
        isError: true,
      });
      expect(place.bytes("a")).toEqual(Buffer.from(content));
    }
    const file = place.put("a", "a\n".repeat(4_000_001));
    const result = await place.edit("a", "a", "b", { replace_all: true });
    expect(result).toMatchObject({ text: expect.stringContaining("too many for edit"), isError: true });
    await place.read("a");
    appendFileSync(file, "b");
    const order = { path: "a", old_string: "a", new_string: "b" };
    expect((await place.call("edit", order)).text).toBe("a has changed since it was read: read it again");
  });
});

describe("edit, of a text that is not there once", () => {
  it("tells how often and where it is", async () => {
    using place = openFileWorkspace();
    place.put("a", "a\nb\na\n".repeat(6));
    expect(await place.edit("a", "b\n", "c\n")).toMatchObject({
      text: "old_string is in a 6 times (lines 2, 5, 8, 11, 14, 17): make it longer, or set replace_all",
      isError: true,
    });
    expect((await place.edit("a", "a", "c")).text).toContain("12 times (lines 1, 3, 4, 6, 7, 9, 10, 12, …)");
  });

  it("names the usual causes: other white space, and line numbers that were copied along", async () => {
    using place = openFileWorkspace();
    place.put("a", "if (x) {\n\tgo();\n}\n");
    expect((await place.edit("a", "if (x) { go(); }", "x")).text).toContain("but with other white space");
    expect((await place.edit("a", "2→\tgo();", "x")).text).toContain(
      "holds the line numbers that read shows",
    );
    expect((await place.edit("a", "stop();", "x")).text).not.toContain("white space");
  });

  it("tells that it is not there, and what is most like it", async () => {
    using place = openFileWorkspace();
    place.put("a", "one\nfunction two() {\n");
    expect(await place.edit("a", "function twoo() {", "x")).toMatchObject({
      text: "old_string is not in a; the lines most like it:\n2→function two() {",
      isError: true,
    });
    expect((await place.edit("a", "q", "x")).text).toBe("old_string is not in a");
  });

  it("tells what cannot be meant", async () => {
    using place = openFileWorkspace();
    place.put("a", "a\r\n");
    expect(await place.edit("a", "a", "a")).toMatchObject({
      text: "old_string and new_string are the same: nothing to change",
      isError: true,
    });
    expect(await place.edit("a", "", "a")).toMatchObject({
      text: "old_string is empty: to make a file or replace all of it, use write",
      isError: true,
    });
    expect(await place.edit("a", "a\r\n", "a\n")).toMatchObject({
      text: "nothing would change: line endings stay as they are",
      isError: true,
    });
  });

  it("leaves the file alone then", async () => {
    using place = openFileWorkspace();
    const file = place.put("a", "a\na\n");
    const { ino } = statSync(file);
    for (const old of ["a", "b", ""]) await place.edit("a", old, "c");
    expect(place.bytes("a").toString()).toBe("a\na\n");
    expect(statSync(file).ino).toBe(ino);
  });
});

describe("edit and write, of a place that is not theirs", () => {
  const outcomes = async (
    place: ReturnType<typeof openFileWorkspace>,
    path: string,
  ): Promise<readonly string[]> => [
    (await place.edit(path, "a", "b")).text,
    (await place.call("write", { path, content: "b\n" })).text,
  ];

  it("stay in the workspace and the temporary folder, wherever a name or a link leads", async () => {
    using place = openFileWorkspace();
    const file = join(place.outside, "a");
    writeFileSync(file, "a\n");
    symlinkSync(file, join(place.top, "link"));
    symlinkSync(place.outside, join(place.top, "folder"));
    symlinkSync(place.outside, join(place.temporary, "folder"));
    const ways = [
      file,
      "../outside/a",
      "link",
      "folder/a",
      "folder/new/deep",
      join(place.temporary, "folder/a"),
    ];
    for (const path of [...ways, `${place.top}-beside/new`, "folder/../../outside/a"]) {
      for (const text of await outcomes(place, path)) {
        expect(text).toBe(`${path} is outside of the workspace: it is only to be read`);
      }
    }
    expect((await place.read("link")).text).toBe("1→a");
    expect(readdirSync(place.outside)).toEqual(["a"]);
    expect(readdirSync(join(place.top, ".."))).toEqual(["outside", "temporary", "work"]);
  });

  it("may change the temporary folder, and the workspace by a link to it", async () => {
    using place = openFileWorkspace();
    writeFileSync(join(place.temporary, "a"), "a\n");
    symlinkSync(place.top, join(place.outside, "way-in"));
    place.put("a", "a\n");
    for (const path of [join(place.temporary, "a"), join(place.outside, "way-in/a")]) {
      const [edited, written] = await outcomes(place, path);
      expect(edited).toMatch(/^changed /);
      expect(written).toMatch(/^replaced /);
    }
  });

  it("leave .git alone, however it is spelled and reached", async () => {
    using place = openFileWorkspace();
    place.put(".git/config", "a\n");
    place.put("module/.git", "a\n");
    symlinkSync(".git", join(place.top, "link"));
    mkdirSync(join(place.temporary, "clone/.git"), { recursive: true });
    const ways = [".git/config", "link/config", "link/new", "module/.git", "fresh/.git/hooks/x", ".GIT/x"];
    for (const path of [...ways, join(place.temporary, "clone/.git/x")]) {
      for (const text of await outcomes(place, path)) {
        expect(text).toBe(`${path} is in a .git folder, which only git changes`);
      }
    }
    expect(place.bytes(".git/config").toString()).toBe("a\n");
    for (const path of [".gitignore", ".github/x", "a.git/x"]) {
      expect((await place.call("write", { path, content: "" })).isError).toBe(false);
    }
  });

  it("follow no link to nothing", async () => {
    using place = openFileWorkspace();
    symlinkSync(join(place.outside, "new"), join(place.top, "link"));
    for (const path of ["link", "link/x"]) {
      for (const text of await outcomes(place, path)) expect(text).toMatch(/\/link is a link to nothing$/);
    }
    expect(readdirSync(place.outside)).toEqual([]);
  });

  it("take a folder, a pipe or a device for no file", async () => {
    using place = openFileWorkspace();
    mkdirSync(join(place.top, "folder"));
    execFileSync("mkfifo", [join(place.top, "pipe")]);
    for (const text of await outcomes(place, "folder")) expect(text).toMatch(/\/folder is a folder$/);
    for (const text of await outcomes(place, "pipe"))
      expect(text).toMatch(/\/pipe is a pipe, a socket or a device/);
    for (const text of await outcomes(place, "")) expect(text).toMatch(/work is a folder$/);
  });

  it("tell that the workspace is gone, and do not make another", async () => {
    using place = openFileWorkspace();
    rmSync(place.top, { recursive: true });
    for (const text of await outcomes(place, "a/b")) {
      expect(text).toBe(`the workspace ${place.top} does not exist any more`);
    }
    expect(readdirSync(join(place.top, ".."))).toEqual(["outside", "temporary"]);
  });

  it("tell of a file that is missing what is called alike", async () => {
    using place = openFileWorkspace();
    place.put("config.ts", "");
    expect(await place.edit("confg.ts", "a", "b")).toMatchObject({
      text: `${join(place.top, "confg.ts")} does not exist; near to it: config.ts`,
      isError: true,
    });
  });
});
