/** The `read` tool on real files of every kind. */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canary, openFileWorkspace } from "../../support/file-tools.ts";

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}\n`).join("");
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

describe("read, of a text", () => {
  it("numbers the lines, and says no more when that is all", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", "one\n\n  three\n");
    expect(await place.read("a.txt")).toMatchObject({ text: "1→one\n2→\n3→  three", isError: false });
    expect(await place.read(join(place.top, "a.txt"))).toMatchObject({ text: "1→one\n2→\n3→  three" });
  });

  it("shows neither byte order mark nor carriage returns, nor that the last line does not end", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", "\uFEFFone\r\ntwo\nthree");
    expect((await place.read("a.txt")).text).toBe("1→one\n2→two\n3→three");
  });

  it("shows 2000 lines, and says how to go on", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", numbered(1, 5310));
    const { text, facts } = await place.read("a.txt");
    const lines = text.split("\n");
    expect(lines.slice(-2)).toEqual(["2000→line 2000", "[lines 1-2000 of 5310; go on with offset 2001]"]);
    expect(lines).toHaveLength(2001);
    expect(facts?.charsTotal).toBe(numbered(1, 5310).length);
    expect((await place.read("a.txt", { limit: 9000 })).text).toBe(text);
  });

  it("shows a part: as many lines as asked for, up to the end", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", numbered(1, 10));
    expect((await place.read("a.txt", { offset: 4, limit: 2 })).text).toBe(
      "4→line 4\n5→line 5\n[lines 4-5 of 10; go on with offset 6]",
    );
    const end = await place.read("a.txt", { offset: 9, limit: 2 });
    expect(end.text).toBe("9→line 9\n10→line 10\n[lines 9-10 of 10]");
    expect(end.facts).toBeUndefined();
  });

  it("shows no more than 50,000 bytes, in whole lines", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", `${"é".repeat(500)}\n`.repeat(100));
    const { text } = await place.read("a.txt");
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(50_000);
    expect(text.split("\n")).toHaveLength(50);
    expect(text).toMatch(/é\n\[lines 1-49 of 100; go on with offset 50\]$/);
  });

  it("cuts a long line, with a mark, and not within a character", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", `${"x".repeat(2000)}\r\n${"x".repeat(1998)}😀😀\n${"y".repeat(70_000)}\nend\n`);
    const { text, facts } = await place.read("a.txt");
    expect(text.split("\n")).toEqual([
      `1→${"x".repeat(2000)}`,
      `2→${"x".repeat(1998)}… [2002 characters]`,
      `3→${"y".repeat(1999)}… [70000 characters]`,
      "4→end",
    ]);
    expect(facts?.charsTotal).toBe(2002 + 2003 + 70_001 + 4);
  });

  it("says how many lines there are when the offset is beyond them", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", numbered(1, 10));
    expect(await place.read("a.txt", { offset: 11 })).toMatchObject({
      text: `${join(place.top, "a.txt")} has 10 lines: offset 11 is beyond its end`,
      isError: true,
    });
  });

  it.each([{ offset: 0 }, { offset: -3 }, { limit: 0 }])("refuses %j", async (order) => {
    using place = openFileWorkspace();
    place.put("a.txt", "one\n");
    expect(await place.read("a.txt", order)).toMatchObject({
      text: "offset and limit count from 1",
      isError: true,
    });
  });

  it("says that a file is empty", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", "");
    expect((await place.read("a.txt")).text).toBe(`${join(place.top, "a.txt")} is empty`);
  });

  it("reads what says that it has no size", async () => {
    using place = openFileWorkspace();
    expect((await place.read("/proc/self/status")).text).toContain("1→Name:");
  });

  it("shows what is not UTF-8 as well as it can, and says so", async () => {
    using place = openFileWorkspace();
    place.put("a.txt", Buffer.from("caf\xe9\nb\n", "latin1"));
    expect((await place.read("a.txt")).text).toBe("1→caf\uFFFD\n2→b\n[not UTF-8: edit would damage it]");
  });
});

describe("read, of a large file", () => {
  it("takes pages from anywhere without keeping the file in memory", async () => {
    using place = openFileWorkspace();
    const file = place.put("large.txt", "");
    const lines = `${"a line of some length and then some more \u00e9 ".repeat(2)}\n`.repeat(100_000);
    for (let times = 0; times < 30; times += 1) appendFileSync(file, lines);
    appendFileSync(file, "the last\n");
    const before = process.memoryUsage().rss;
    const first = await place.read("large.txt", { limit: 1 });
    expect(first.text).toMatch(/^1→a line .*\n\[lines 1-1; go on with offset 2\]$/);
    expect(first.facts?.charsTotal).toBeLessThan(10_000_000);
    const last = await place.read("large.txt", { offset: 3_000_001 });
    expect(last.text).toBe("3000001→the last\n[lines 3000001-3000001 of 3000001]");
    expect(await place.read("large.txt", { offset: 3_000_002 })).toMatchObject({ isError: true });
    expect(process.memoryUsage().rss - before).toBeLessThan(180_000_000);
  });

  it("ends with the task", async () => {
    using place = openFileWorkspace();
    place.put("large.txt", "x".repeat(9_000_000));
    const ended = AbortSignal.abort();
    expect(await place.call("read", { path: "large.txt" }, ended)).toMatchObject({ isError: true });
  });

  it("takes one without a line feed, and one with nothing else", async () => {
    using place = openFileWorkspace();
    place.put("one.txt", "x".repeat(9_000_000));
    expect((await place.read("one.txt")).text).toBe(`1→${"x".repeat(1999)}… [9000000 characters]`);
    place.put("feeds.txt", "\n".repeat(9_000_000));
    expect((await place.read("feeds.txt")).text).toMatch(
      /\n2000→\n\[lines 1-2000; go on with offset 2001\]$/,
    );
  });
});

describe("read, of what is no text", () => {
  it("shows a picture by what it holds, whatever its name", async () => {
    using place = openFileWorkspace();
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0x10]);
    const webp = Buffer.from("RIFF\x24\0\0\0WEBPVP8 ", "latin1");
    const pictures = {
      "image/png": png,
      "image/jpeg": jpeg,
      "image/webp": webp,
      "image/gif": "GIF89a\x01\0",
    };
    for (const [type, content] of Object.entries(pictures)) {
      const file = place.put("picture.txt", content);
      const bytes = Buffer.from(content);
      // oxlint-disable-next-line id-denylist -- the interface calls it so
      const source = { type: "base64", media_type: type, data: bytes.toString("base64") };
      expect((await place.read("picture.txt")).content).toEqual([
        { type: "text", text: `${file} is ${type} of ${bytes.length} bytes` },
        { type: "image", source },
      ]);
    }
  });

  it("shows no picture of which the base64 is over 5 MB", async () => {
    using place = openFileWorkspace();
    const file = place.put("large.png", png);
    truncateSync(file, 3_932_160);
    const [, block] = (await place.read("large.png")).content;
    const size = typeof block === "object" && block.type === "image" ? block.source.data.length : 0;
    expect(size).toBe(5 * 1024 * 1024);
    truncateSync(file, 3_932_161);
    expect(await place.read("large.png")).toMatchObject({
      text: expect.stringMatching(/image\/png of 3932161 bytes: only up to/),
      isError: true,
    });
  });

  it("shows a text that begins like a picture", async () => {
    using place = openFileWorkspace();
    place.put("a.md", "GIF89a is a format.\n");
    expect((await place.read("a.md")).text).toBe("1→GIF89a is a format.");
  });

  it.each([
    ["\x7fELF\x02\x01\x01\0", "an ELF program"],
    ["PK\x03\x04\x14\0", "a zip archive"],
    ["\x1f\x8b\x08\0", "a gzip archive"],
    ["%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document"],
    ["SQLite format 3\0", "a SQLite database"],
    ["\xff\xfeh\0i\0", "text in UTF-16"],
    ["text\0text", "a binary file"],
  ])("of %j tells the kind and the size alone", async (content, kind) => {
    using place = openFileWorkspace();
    const file = place.put("a", Buffer.from(content, "latin1"));
    expect((await place.read("a")).text).toBe(`${file} is ${kind} of ${content.length} bytes`);
  });

  it("takes a secret out before it cuts the line: no half of one is left", async () => {
    using place = openFileWorkspace();
    place.put("a", `${"x".repeat(1_990)}${canary}${"y".repeat(3_000)}\n${canary}\n`);
    const { text } = await place.read("a");
    expect(text).not.toContain(canary.slice(0, 6));
    expect(text).toContain("2→[API_KEY]");
  });

  it("lists a folder", async () => {
    using place = openFileWorkspace();
    for (const name of ["b.ts", "a/x", ".git/config", "two\nlines"]) place.put(name, "");
    expect((await place.read(".")).text).toBe('"two\\nlines"\n.git/\na/\nb.ts');
    mkdirSync(join(place.top, "empty"));
    expect((await place.read("empty")).text).toMatch(/empty is empty$/);
    for (let at = 0; at < 2100; at += 1) place.put(`many/${at}`, "");
    expect((await place.read("many")).text).toMatch(/\[lines 1-2000 of 2100; go on with offset 2001\]$/);
  });

  it("refuses pipes, devices and sockets, and waits for none", async () => {
    using place = openFileWorkspace();
    execFileSync("mkfifo", [join(place.top, "pipe")]);
    symlinkSync("/dev/zero", join(place.top, "zeros"));
    const server = createServer().listen(join(place.top, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    for (const name of ["pipe", "zeros", "socket"]) {
      expect(await place.read(name)).toMatchObject({
        text: expect.stringMatching(/ is a pipe, a socket or a device, not a file$/),
        isError: true,
      });
    }
    server.close();
  });
});

describe("read, of what cannot be read", () => {
  it("names what is called alike", async () => {
    using place = openFileWorkspace();
    for (const name of ["src/config.ts", "src/configs.ts", "src/main.ts"]) place.put(name, "");
    const told = async (path: string): Promise<string> =>
      (await place.read(path)).text.replaceAll(place.top, "");
    expect(await told("src/confg.ts")).toBe(
      "/src/confg.ts does not exist; near to it: config.ts, configs.ts",
    );
    expect(await told("srcs/deep/config.ts")).toBe("/srcs does not exist; near to it: src");
    expect(await told("src/something-else")).toBe("/src/something-else does not exist");
    expect((await place.read("src/confg.ts")).isError).toBe(true);
  });

  it("tells links that lead nowhere or in a ring", async () => {
    using place = openFileWorkspace();
    symlinkSync("nowhere", join(place.top, "a"));
    symlinkSync("ring", join(place.top, "ring"));
    expect((await place.read("a")).text).toMatch(/\/a is a link to nothing$/);
    expect((await place.read("ring")).text).toMatch(/^ring: .*\(ELOOP\)$/);
  });

  it.each([
    ["a.txt/b", /^a.txt\/b: not a directory \(ENOTDIR\)$/],
    ["x".repeat(300), /: name too long \(ENAMETOOLONG\)$/],
    ["a\0b", /null bytes/],
  ])("tells of %j what the system says", async (path, told) => {
    using place = openFileWorkspace();
    place.put("a.txt", "");
    expect(await place.read(path)).toMatchObject({ text: expect.stringMatching(told), isError: true });
  });

  it("tells that it is not allowed", () => {
    using place = openFileWorkspace();
    place.put("closed/a.txt", "");
    execFileSync("chmod", ["000", join(place.top, "closed")]);
    const [result] = place.callApart([["read", { path: "closed/a.txt" }]]);
    expect(result).toEqual({ content: "closed/a.txt: permission denied (EACCES)", isError: true });
    execFileSync("chmod", ["700", join(place.top, "closed")]);
  });

  it("tells that the workspace is gone", async () => {
    using place = openFileWorkspace();
    rmSync(place.top, { recursive: true });
    for (const path of ["a.txt", "."]) {
      expect((await place.read(path)).text).toBe(`the workspace ${place.top} does not exist any more`);
    }
  });

  it.each(["with space", "two\nlines", "ünï🎉", "-rf", "--", "$HOME", "a'b\"c", "*"])(
    "takes the name %j as it is",
    async (name) => {
      using place = openFileWorkspace();
      place.put(name, "here\n");
      expect((await place.read(name)).text).toBe("1→here");
    },
  );
});
