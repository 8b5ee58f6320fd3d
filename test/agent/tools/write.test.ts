/** The `write` tool on real files, and what the three tools say of themselves. */
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createFileTools } from "../../../src/agent/tools/files.ts";
import { createRedactor } from "../../../src/formats/redact.ts";
import { openFileWorkspace } from "../../support/file-tools.ts";

describe("write", () => {
  it("makes a file and its folders, and says how much it wrote", async () => {
    using place = openFileWorkspace();
    expect(await place.call("write", { path: "a/b/c.txt", content: "é\ntwo" })).toMatchObject({
      text: "made a/b/c.txt: 2 lines, 6 bytes",
      isError: false,
    });
    expect(place.bytes("a/b/c.txt").toString()).toBe("é\ntwo");
    expect(readdirSync(join(place.top, "a/b"))).toEqual(["c.txt"]);
    expect((await place.call("write", { path: "empty", content: "" })).text).toBe(
      "made empty: 0 lines, 0 bytes",
    );
    expect((await place.call("write", { path: "one", content: "1\r\n" })).text).toBe(
      "made one: 1 line, 3 bytes",
    );
    expect(place.bytes("one").toString()).toBe("1\r\n");
  });

  it("gives a new file the mode that the umask leaves", async () => {
    using place = openFileWorkspace();
    const before = process.umask(0o022);
    for (const [umask, mode] of [
      [0o022, 0o644],
      [0o077, 0o600],
      [0, 0o644],
    ] as const) {
      process.umask(umask);
      await place.call("write", { path: `${umask}`, content: "" });
      expect(statSync(join(place.top, `${umask}`)).mode & 0o7777).toBe(mode);
    }
    process.umask(before);
  });

  it("replaces a file that was read, and keeps its mode", async () => {
    using place = openFileWorkspace();
    chmodSync(place.put("a", "a\n"), 0o751);
    await place.read("a");
    const order = { path: "a", content: "b\nc\n" };
    expect((await place.call("write", order)).text).toBe("replaced a: 2 lines, 4 bytes (it had 1 line)");
    expect((await place.call("write", { ...order, content: "d\n" })).isError).toBe(false);
    expect(statSync(join(place.top, "a")).mode & 0o7777).toBe(0o751);
    expect(place.bytes("a").toString()).toBe("d\n");
  });

  it("replaces no file of which only a part was read", async () => {
    using place = openFileWorkspace();
    const text = "line\n".repeat(3_000);
    const file = place.put("a", text);
    const refused = { text: expect.stringContaining("only a part of a"), isError: true };
    await place.call("read", { path: "a", offset: 100, limit: 5 });
    expect(await place.call("write", { path: "a", content: "b" })).toMatchObject(refused);
    await place.read("a");
    expect(await place.call("write", { path: "a", content: "b" })).toMatchObject(refused);
    expect(readFileSync(file, "utf8")).toBe(text);
    await place.call("read", { path: "a", offset: 2001 });
    expect(await place.call("write", { path: "a", content: "b" })).toMatchObject({ isError: false });
    expect(await place.call("write", { path: "a", content: "c" })).toMatchObject({ isError: false });
  });

  it("replaces no file that was not read, or has changed since", async () => {
    using place = openFileWorkspace();
    const file = place.put("a", "a\n");
    const order = { path: "a", content: "b\n" };
    expect(await place.call("write", order)).toMatchObject({
      text: "a has not been read yet: read it first, with read",
      isError: true,
    });
    await place.read("a");
    writeFileSync(file, "c\n");
    expect(await place.call("write", order)).toMatchObject({
      text: "a has changed since it was read: read it again",
      isError: true,
    });
    expect(place.bytes("a").toString()).toBe("c\n");
  });

  it("replaces a binary file that was read", async () => {
    using place = openFileWorkspace();
    place.put("a", "a\0");
    await place.read("a");
    expect((await place.call("write", { path: "a", content: "b" })).isError).toBe(false);
  });

  it("makes a file again that was deleted since", async () => {
    using place = openFileWorkspace();
    const file = place.put("a", "a\n");
    await place.read("a");
    rmSync(file);
    expect((await place.call("write", { path: "a", content: "b" })).text).toMatch(/^made a/);
  });

  it("writes what a link leads to", async () => {
    using place = openFileWorkspace();
    place.put("deep/a", "a\n");
    symlinkSync("deep/a", join(place.top, "link"));
    await place.read("link");
    await place.call("write", { path: "link", content: "b\n" });
    expect(place.bytes("deep/a").toString()).toBe("b\n");
  });

  it.each(["with space/x", "two\nlines", "ünï🎉", "-rf", "$HOME/~", "*"])(
    "takes the name %j as it is",
    async (path) => {
      using place = openFileWorkspace();
      expect((await place.call("write", { path, content: "a" })).isError).toBe(false);
      expect(place.bytes(path).toString()).toBe("a");
    },
  );
});

describe("write, of what cannot be written", () => {
  it.each([
    ["file/a", "file/a: not a directory (ENOTDIR)"],
    ["x".repeat(256), `${"x".repeat(256)}: name too long (ENAMETOOLONG)`],
    [`${"x/".repeat(3000)}a`, /name too long \(ENAMETOOLONG\)$/],
    ["a\0b", /null bytes/],
  ])("tells of %j what the system says", async (path, told) => {
    using place = openFileWorkspace();
    place.put("file", "");
    const result = await place.call("write", { path, content: "a" });
    expect(result.isError).toBe(true);
    expect(result.text).toMatch(told);
    expect(readdirSync(place.top)).toEqual(["file"]);
  });

  it("leaves the old file and nothing else when there is no room", () => {
    using place = openFileWorkspace();
    chmodSync(place.top, 0o777);
    chmodSync(place.put("a", "a\n"), 0o666);
    const content = "x".repeat(100_000);
    const calls = [
      ["read", { path: "a" }],
      ["write", { path: "a", content }],
      ["write", { path: "b", content }],
    ] as const;
    const results = place.callApart(calls, "ulimit -f 8");
    expect(results.slice(1)).toEqual([
      { content: "a: file too large (EFBIG)", isError: true },
      { content: "b: file too large (EFBIG)", isError: true },
    ]);
    expect(readdirSync(place.top)).toEqual(["a"]);
    expect(place.bytes("a").toString()).toBe("a\n");
  });

  it("leaves alone what it may not write, and folders that it may not change", () => {
    using place = openFileWorkspace();
    chmodSync(place.top, 0o777);
    chmodSync(place.put("locked", "a\n"), 0o444);
    chmodSync(place.put("folder/a", "a\n"), 0o666);
    chmodSync(join(place.top, "folder"), 0o555);
    const order = { old_string: "a", new_string: "b" };
    const results = place.callApart([
      ["read", { path: "locked" }],
      ["read", { path: "folder/a" }],
      ["edit", { path: "locked", ...order }],
      ["edit", { path: "folder/a", ...order }],
      ["write", { path: "folder/new", content: "a" }],
      ["write", { path: "folder/new/deep", content: "a" }],
    ]);
    const paths = ["locked", "folder/a", "folder/new", "folder/new/deep"];
    const told = paths.map((path) => ({ content: `${path}: permission denied (EACCES)`, isError: true }));
    expect(results.slice(2)).toEqual(told);
    expect(readFileSync(join(place.top, "locked"), "utf8")).toBe("a\n");
    expect(readdirSync(join(place.top, "folder"))).toEqual(["a"]);
    execFileSync("chmod", ["755", join(place.top, "folder")]);
  });
});

describe("The file tools", () => {
  const tools = createFileTools({ top: "/", redactor: createRedactor({}) });

  it("take few words to explain", () => {
    const told = tools.map(({ name, description, input }) => {
      return { name, description, input_schema: z.toJSONSchema(input) };
    });
    expect(JSON.stringify(told).length).toBeLessThanOrEqual(1700);
    expect(JSON.stringify(told)).not.toMatch(/minimum|maximum|minLength|anyOf/);
  });

  it("may be called side by side only to read", () => {
    expect(tools.map(({ name, isParallel }) => [name, isParallel])).toEqual([
      ["read", true],
      ["edit", false],
      ["write", false],
    ]);
  });

  it("take no fields but their own", () => {
    for (const { input } of tools)
      expect(input.safeParse({ path: "a", content: "", more: 1 }).success).toBe(false);
  });
});
