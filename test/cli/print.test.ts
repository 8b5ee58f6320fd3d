import { styleText } from "node:util";
import { describe, expect, it } from "vitest";
import { errorText, makeSafe, wrap } from "../../src/cli/print.ts";

describe("Text for a terminal", () => {
  it("loses whatever moves the cursor, sets a title or turns the direction, and keeps colours and line feeds", () => {
    const text = "\u001b[31mred\u001b[0m\u001b[2J\u001b]0;title\u0007\r\u202eevil\n\tnext";
    expect(makeSafe(text)).toBe(
      "\u001b[31mred\u001b[0m\ufffd[2J\ufffd]0;title\ufffd\ufffd\ufffdevil\n\tnext",
    );
  });

  it("loses what would hide it, colours over colours among it", () => {
    expect(makeSafe("a\u001b[8mb\u001b[30;40mc\u001b[7md")).toBe("abcd");
    expect(makeSafe("\u001b[1;8mhidden\u001b[2J")).toBe("hidden\ufffd[2J");
  });

  it("keeps every style that is set here, and usual ones of tools", () => {
    const styles = ["green", "red", "yellow", "cyan", "dim", "bold"] as const;
    const set = styles.map((name) => styleText(name, name, { validateStream: false })).join("");
    const text = `${set}\u001b[1;90mof a tool\u001b[m`;
    expect(makeSafe(text)).toBe(text);
    expect(text).toContain("\u001b[36mcyan\u001b[39m");
  });

  it("is broken between words, with further lines indented, and colours count for nothing", () => {
    expect(wrap("one two \u001b[1mthree\u001b[0m four", 9, "  ")).toBe(
      "one two\n  \u001b[1mthree\u001b[0m\n  four",
    );
  });

  it("keeps the spaces at its beginning", () => {
    expect(wrap("    one two", 20, "")).toBe("    one two");
    expect(wrap("    one two", 9, "")).toBe("    one\ntwo");
  });

  it("keeps the lines that it has already", () => {
    expect(wrap("two problems:\n  one two\n  three", 14, "")).toBe("two problems:\n  one two\n  three");
    expect(wrap("two:\n  one two three", 14, "    ")).toBe("two:\n      one two\n    three");
  });

  it("keeps a word that is too long for any line in one piece", () => {
    expect(wrap("a bbbbbbbbbbbb c", 6, "")).toBe("a\nbbbbbbbbbbbb\nc");
  });

  it("tells an error and what to do, broken between words on a terminal alone, and without control characters", () => {
    const error = { message: "no key \u001b]0;title", hint: "Set one.\n  Or take another agent." };
    expect(errorText(error)).toBe("ralphwright: no key \ufffd]0;title\n  Set one.\n  Or take another agent.");
    expect(errorText(error, 20)).toBe(
      "ralphwright: no key\n  \ufffd]0;title\n  Set one.\n  Or take another\n  agent.",
    );
  });
});
