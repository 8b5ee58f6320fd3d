/** What is kept of a command's output: how it is cut, what is taken out of it, when and how it goes to a file. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type CommandOutput, createOutput, type TakenOutput } from "../../../src/agent/tools/output.ts";
import { createRedactor } from "../../../src/formats/redact.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ralph-output-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const secret = "sk-canary/1234 5678+9";
const linesOfSecret = "--- KEY ---\nAAAA\nBBBB\n--- END ---";
const redactor = createRedactor({ API_KEY: secret, PEM_KEY: linesOfSecret });

function open(bytesMax?: number): { readonly output: CommandOutput; readonly file: string } {
  const file = join(folder, `${(count += 1)}.txt`);
  return { output: createOutput(file, redactor, bytesMax), file };
}

/** All that is kept of a command that printed these pieces and ended. */
function keep(...pieces: readonly (string | Buffer)[]): TakenOutput & { readonly file: string } {
  const { output, file } = open();
  for (const piece of pieces) output.push(Buffer.from(piece));
  output.end();
  return { ...output.take(), file };
}

const textOf = (...pieces: readonly (string | Buffer)[]): string => keep(...pieces).text;
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`).join("");

describe("The excerpt", () => {
  it("is all of it when that is not much, and there is no file then", () => {
    const kept = keep(lines(1, 1_000));
    expect(kept.text).toBe(lines(1, 1_000).trimEnd());
    expect(kept).toMatchObject({ charsTotal: lines(1, 1_000).length, spill: null });
    expect(() => statSync(kept.file)).toThrow("ENOENT");
  });

  it("is the first 8,000 and the last 16,000 characters of more, with the file of all of it", () => {
    const all = lines(1, 10_000);
    const kept = keep(all);
    const [head, notice, tail] = kept.text.split(/\n(\[….*…\])\n/);
    expect(head).toBe(all.slice(0, 8_000));
    expect(notice).toBe(
      `[… ${all.length - 24_000} of ${all.length} characters are not shown; complete output: ${kept.file} …]`,
    );
    expect(`${tail}\n`).toBe(all.slice(-16_000));
    expect(kept).toMatchObject({ charsTotal: all.length, spill: kept.file });
    expect(readFileSync(kept.file, "utf8")).toBe(all);
  });

  it("cuts nothing at exactly 24,000 characters", () => {
    const line = `${"x".repeat(999)}\n`;
    expect(keep(line.repeat(24))).toMatchObject({ spill: null, text: line.repeat(24).trimEnd() });
    expect(keep(`${line.repeat(24)}!`).text).toContain("[… 1 of 24001 characters are not shown;");
  });

  it("says that there was nothing", () => {
    expect(textOf("")).toBe("(no output)");
    expect(textOf("\u001B[2J\u001B[H")).toBe("(no output)");
  });

  it("cuts lines over 2,000 characters, and the file has them whole", () => {
    for (const long of ["y".repeat(2_001), "y".repeat(50_000)]) {
      const kept = keep(`before\n${long}\nafter\n${"z".repeat(2_000)}`);
      expect(kept.text).toBe(
        `before\n${"y".repeat(2_000)}… [line cut]\nafter\n${"z".repeat(2_000)}\n[complete output: ${kept.file}]`,
      );
      expect(readFileSync(kept.file, "utf8")).toContain(long);
    }
  });

  it("cuts the last line, too, when it never ends, whatever its pieces are", () => {
    for (const size of [1, 700, 2_001, 65_536]) {
      const pieces = Array.from({ length: Math.ceil(9_000 / size) }, () => "x".repeat(size));
      const kept = keep(...pieces);
      expect(kept.text).toBe(`${"x".repeat(2_000)}… [line cut]\n[complete output: ${kept.file}]`);
      expect(readFileSync(kept.file, "utf8")).toBe(pieces.join(""));
    }
  });

  it("cuts it, and overwrites it, also when no secrets are known", () => {
    for (const [last, shown] of [
      ["", /^x{2000}… \[line cut\]\n/],
      ["\r", /^x{2000}… \[line cut\]\n/],
      ["\rend", /^end\n/],
    ] as const) {
      const output = createOutput(join(folder, "no-secrets.txt"), createRedactor({}));
      output.push(Buffer.from(`${"x".repeat(9_000)}${last.slice(0, 1)}`));
      output.push(Buffer.from(last.slice(1)));
      output.end();
      expect(output.take().text).toMatch(shown);
    }
  });

  it("shows the last state of a progress line, also when it came in pieces", () => {
    expect(textOf("10%\r", "20%\r", "100%\n", "done\r\n")).toBe("100%\ndone");
    expect(textOf("10%\r20%\r", "30%\r")).toBe("30%");
    expect(textOf("a\r\r\nb\r", "\r\nc\r")).toBe("a\nb\nc");
    expect(textOf(`${"x".repeat(5_000)}\r`, "short\r", "end\n").split("\n")[0]).toBe("end");
    expect(textOf(`${"x".repeat(5_000)}${" ".repeat(99)}\r`, `${"y".repeat(5_000)}\rend\n`)).toMatch(
      /^end\n/,
    );
    const states = Array.from({ length: 20_000 }, (_, i) => `${i} of 20000\r`);
    expect(textOf("start\n", ...states).split("\n")[1]).toBe("19999 of 20000");
  });

  it("comes with the file when much was overwritten", () => {
    const kept = keep("old state\rok\n".repeat(5_000));
    expect(kept.text).toBe(`${"ok\n".repeat(5_000)}[complete output: ${kept.file}]`);
    expect(statSync(kept.file).size).toBe(65_000);
  });

  it("holds no half of a character, at whatever place it was cut", () => {
    const text = textOf(`x${"😀\n".repeat(20_000)}`);
    expect(text.isWellFormed()).toBe(true);
    expect(textOf(`x${"😀".repeat(3_000)}`).isWellFormed()).toBe(true);
  });
});

describe("What was printed", () => {
  it("loses colours, cursor movements, titles and links", () => {
    expect(textOf("\u001B[1;31mred\u001B[0m \u001B]0;title\u0007x \u001B[?25l\u001B(By\u001B[2K")).toBe(
      "red x y",
    );
    expect(textOf("\u001B]8;;http://example.com/\u001B\\link\u001B]8;;\u001B\\")).toBe("link");
  });

  it("loses a colour that came in pieces", () => {
    const coloured = Buffer.from("a\u001B[1;38;5;196mb\u001B[0mc");
    for (let at = 1; at < coloured.length; at += 1)
      expect(textOf(coloured.subarray(0, at), coloured.subarray(at))).toBe("abc");
    for (let at = 1; at < coloured.length; at += 1) {
      const kept = keep(
        Buffer.concat([Buffer.from("x".repeat(5_000)), coloured.subarray(0, at)]),
        coloured.subarray(at),
      );
      expect(readFileSync(kept.file, "utf8")).toBe(`${"x".repeat(5_000)}abc`);
    }
    expect(textOf("cut off: \u001B[1;3")).toMatch(/^cut off: /);
  });

  it("has no control character but tab and line feed", () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 0x0d));
    expect(textOf(all, "\u0085\u009B")).not.toMatch(/[^\P{Cc}\t\n]/u);
    expect(textOf("a\0b\u0007c\td")).toBe("a\uFFFDb\uFFFDc\td");
  });

  it("survives bytes that are no UTF-8, and characters that came in pieces", () => {
    expect(textOf(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0xe2, 0x82]))).toMatch(/^a\uFFFD+b\uFFFD$/);
    const bytes = Buffer.from("a€😀ü");
    for (let at = 1; at < bytes.length; at += 1)
      expect(textOf(bytes.subarray(0, at), bytes.subarray(at))).toBe("a€😀ü");
  });

  it("is kept the same however it came in pieces", () => {
    const parts = fc.constantFrom(
      "x".repeat(700),
      "\n",
      "\r",
      "\u001B[31m",
      "ä😀",
      "\0",
      secret,
      "a ",
      "\r\n",
    );
    const property = fc.property(fc.array(parts, { maxLength: 11 }), fc.array(fc.nat(8_000)), (all, cuts) => {
      const bytes = Buffer.from(all.join(""));
      const places = [0, ...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
      const [whole, pieced] = [keep(bytes), keep(...pieces)];
      // Only where a file became necessary may depend on the pieces.
      const shown = (kept: typeof whole): string => kept.text.replace(/\n\[complete output.*\]$/, "");
      expect(shown(pieced)).toBe(shown(whole));
      expect(pieced.text).not.toContain(secret);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe("A secret", () => {
  it("gets through nowhere: literal, in base64, coloured, cut in pieces, in a cut line, at a cut", () => {
    const forms = [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)];
    for (const form of [...forms, `${secret.slice(0, 5)}\u001B[1m${secret.slice(5)}`]) {
      for (let at = 0; at <= form.length; at += 1) {
        const kept = keep(form.slice(0, at), `${form.slice(at)}\n`);
        expect(kept.text).toMatch(/^\[API_KEY\]=*$/);
      }
    }
    for (let before = 1_970; before < 2_010; before += 1)
      expect(textOf(`${"x".repeat(before)}${secret}${"y".repeat(100)}\n`)).not.toContain("sk-");
    for (let before = 7_980; before < 8_010; before += 1) {
      const kept = keep(
        `${"x".repeat(99)}\n`.repeat(79),
        "x".repeat(before - 7_900),
        secret,
        `\n${lines(1, 9_000)}`,
      );
      expect(kept.text).not.toContain("sk-");
      expect(readFileSync(kept.file, "utf8")).not.toContain("sk-");
    }
  });

  it("gets to the file in no pieces of a line that never ends, nor of lines of its own", () => {
    for (const before of [4_090, 4_096, 4_100, 9_000]) {
      const kept = keep(`${"x".repeat(before)}${secret.slice(0, 9)}`, `${secret.slice(9)}\n`);
      expect(readFileSync(kept.file, "utf8")).toBe(`${"x".repeat(before)}[API_KEY]\n`);
    }
    expect(textOf(`a\n${linesOfSecret.slice(0, 12)}`, `${linesOfSecret.slice(12)}\nb\n`)).toBe(
      "a\n[PEM_KEY]\nb",
    );
  });

  it("does not get to the file, either, while a command runs", () => {
    const { output, file } = open();
    output.push(Buffer.from(`first\n${secret.slice(0, 9)}`));
    expect(output.take().text).toBe(`first\n[complete output: ${file}]`);
    expect(readFileSync(file, "utf8")).toBe("first\n");
    output.push(Buffer.from(`${secret.slice(9)}\nlast\n`));
    expect(output.take().text).toContain("[API_KEY]\nlast");
    expect(readFileSync(file, "utf8")).toBe("first\n[API_KEY]\nlast\n");
    output.push(Buffer.from("x".repeat(9_000) + secret.slice(0, 9)));
    output.take();
    output.push(Buffer.from(secret.slice(9)));
    output.end();
    expect(readFileSync(file, "utf8")).toMatch(/x\[API_KEY\]$/);
  });
});

describe("The output of a command that goes on", () => {
  it("is told piece by piece, and the file has all of it", () => {
    const { output, file } = open();
    output.push(Buffer.from("one\n"));
    expect(output.take()).toEqual({ text: `one\n[complete output: ${file}]`, charsTotal: 4, spill: file });
    expect(output.take()).toEqual({
      text: `(no output)\n[complete output: ${file}]`,
      charsTotal: 0,
      spill: file,
    });
    output.push(Buffer.from("two\nthr"));
    output.push(Buffer.from("ee"));
    output.end();
    expect(output.take().text).toBe(`two\nthree\n[complete output: ${file}]`);
    expect(readFileSync(file, "utf8")).toBe("one\ntwo\nthree");
  });

  it("is shown up to its last whole line, though a secret might begin anywhere", () => {
    const { output } = open();
    output.push(Buffer.from("listening\n> "));
    expect(output.take().text).toMatch(/^listening\n\[complete output/);
    output.push(Buffer.from("exit\n"));
    expect(output.take().text).toMatch(/^> exit\n/);
  });

  it("is shown up to its last character when the line is known to be over", () => {
    const { output } = open();
    output.push(Buffer.from("listening\n> "));
    output.flush();
    expect(output.take().text).toMatch(/^listening\n> \n\[complete output/);
    output.push(Buffer.from("x"));
    output.end();
    output.flush();
    expect(output.take().text).toMatch(/^x\n\[complete output/);
  });

  it("counts from the beginning for each piece", () => {
    const { output } = open();
    for (const from of [1, 10_001]) {
      output.push(Buffer.from(lines(from, from + 9_999)));
      const { text, charsTotal } = output.take();
      expect(text.startsWith(`line ${from}\n`)).toBe(true);
      expect(charsTotal).toBe(lines(from, from + 9_999).length);
      expect(text.length).toBeLessThan(24_300);
    }
  });
});

describe("The file", () => {
  it("ends at its limit, and the result says so", () => {
    const { output, file } = open(100_000);
    for (let i = 0; i < 100; i += 1) output.push(Buffer.from(lines(1, 1_000)));
    output.end();
    expect(statSync(file).size).toBe(100_000);
    expect(output.take()).toMatchObject({
      text: expect.stringContaining(
        `the first 100000 bytes are in ${file}, the rest was not kept: that is the limit`,
      ),
      charsTotal: 100 * lines(1, 1_000).length,
      spill: file,
    });
  });

  it("may meet a full disk: the result comes all the same and says so", () => {
    const { output, file } = open();
    symlinkSync("/dev/full", file);
    output.push(Buffer.from(lines(1, 10_000)));
    output.end();
    const { text, spill } = output.take();
    expect(text).toMatch(/not shown; the first 0 bytes are in .*, the rest was not kept: ENOSPC/);
    expect(text.endsWith("line 10000")).toBe(true);
    expect(spill).toBe(null);
  });

  it("may not be possible at all", () => {
    const output = createOutput(join(folder, "none", "1.txt"), redactor);
    output.push(Buffer.from(lines(1, 10_000)));
    output.end();
    expect(output.take().text).toContain("the rest was not kept: ENOENT");
  });

  it("keeps memory flat whatever is printed", () => {
    const { output, file } = open(1_000_000);
    const kinds = [
      "y\n".repeat(32_768),
      "x".repeat(65_536),
      "50%\r".repeat(16_384),
      "\u001B[1m".repeat(16_384),
    ];
    for (const kind of kinds) for (let i = 0; i < 200; i += 1) output.push(Buffer.from(kind));
    const before = process.memoryUsage().heapUsed;
    for (const kind of kinds) for (let i = 0; i < 2_500; i += 1) output.push(Buffer.from(kind));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
    output.end();
    expect(output.take().text.length).toBeLessThan(24_300);
    expect(statSync(file).size).toBe(1_000_000);
  });
});
