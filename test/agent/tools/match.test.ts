/** The ladder by which an edit finds its text. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Edited, editText } from "../../../src/agent/tools/match.ts";

const edit = (text: string, old: string, fresh: string, isAll = false): Edited =>
  editText(text, old, fresh, isAll);

/** The new text and the rung; or what else came of it. */
function outcome(edited: Edited): readonly unknown[] {
  if (edited.kind === "changed") return [edited.text, edited.rung];
  return edited.kind === "several" ? [edited.count, edited.lines] : edited.nearest;
}

describe("An edit", () => {
  it("replaces what is there letter by letter", () => {
    expect(outcome(edit("a b c\n", "b", "B"))).toEqual(["a B c\n", "exact"]);
    expect(outcome(edit("a\nb\nc\n", "a\nb\n", ""))).toEqual(["c\n", "exact"]);
    expect(outcome(edit("  a \n", "a ", "a"))).toEqual(["  a\n", "exact"]);
    expect(outcome(edit("  a\n    b\n", "  a\n    b", "a\nb"))).toEqual(["a\nb\n", "exact"]);
    expect(outcome(edit("a\rb\n", "a\r", "c"))).toEqual(["cb\n", "exact"]);
  });

  it("takes nothing in either text for a pattern", () => {
    const odd = "$& $1 \\n .* [a](b){2}|^?+ \\k<indent>";
    expect(outcome(edit(`x${odd}y\n`, odd, `${odd}$&`))).toEqual([`x${odd}$&y\n`, "exact"]);
    expect(outcome(edit(`  ${odd} \r\n  z\n`, `${odd}\nz`, `$&\n${odd}`))).toEqual([
      `  $&\r\n  ${odd}\n`,
      "indentation",
    ]);
  });

  it("finds lines that end in CRLF, also from within a line to within a line", () => {
    const text = "if (a) {\r\n  b();\r\n}\r\n";
    expect(outcome(edit(text, "(a) {\n  b(", "(x) {\n  y(\n  z"))).toEqual([
      "if (x) {\r\n  y(\r\n  z);\r\n}\r\n",
      "line endings",
    ]);
    expect(outcome(edit(text, "\n  b();", "\n  c();"))).toEqual([
      "if (a) {\r\n  c();\r\n}\r\n",
      "line endings",
    ]);
    expect(outcome(edit("a\nb\n", "a\r\nb\r\n", "a\r\nc\r\n"))).toEqual(["a\nc\n", "line endings"]);
  });

  it("ends new lines as the line does into which they are put", () => {
    expect(outcome(edit("a\r\nb\r\n", "a", "x\ny"))).toEqual(["x\r\ny\r\nb\r\n", "exact"]);
    expect(outcome(edit("a\r\nb\nc\r\n", "b", "x\r\ny"))).toEqual(["a\r\nx\ny\nc\r\n", "exact"]);
    expect(outcome(edit("a\r\nb", "b", "x\ny"))).toEqual(["a\r\nx\r\ny", "exact"]);
    expect(outcome(edit("a", "a", "x\ny"))).toEqual(["x\ny", "exact"]);
  });

  it("never takes a CRLF apart", () => {
    expect(outcome(edit("a\r\nb\r\n", "\nb", "\nc"))).toEqual(["a\r\nc\r\n", "line endings"]);
    expect(outcome(edit("a\r\nb\r\n", "a\r", "c"))).toEqual(["c\r\nb\r\n", "white space at line ends"]);
    expect(edit("xa\r\nb\r\n", "a\r", "c").kind).toBe("none");
  });

  it("finds whole lines whose ends differ in white space, and leaves that of other lines alone", () => {
    expect(outcome(edit("a  \nb\t\nc\n", "a\nb\nc", "a\nB\nc"))).toEqual([
      "a  \nB\nc\n",
      "white space at line ends",
    ]);
    expect(outcome(edit("a\nb\n\nc\n", "b  \n   \nc", "x\n\nc"))).toEqual([
      "a\nx\n\nc\n",
      "white space at line ends",
    ]);
    expect(edit("xa  \nb\n", "a\nb", "c").kind).toBe("none");
    expect(edit("a  \nbx\n", "a\nb", "c").kind).toBe("none");
  });

  it("finds lines that are all shifted alike, and shifts the new ones too", () => {
    const text = "def f():\n    if a:\n        b()\n\n    c()\n";
    expect(outcome(edit(text, "if a:\n    b()\n\nc()", "if x:\n    y()\n\n    z()\nc()"))).toEqual([
      "def f():\n    if x:\n        y()\n\n        z()\n    c()\n",
      "indentation",
    ]);
    expect(outcome(edit("a\n  b\n", "    a\n      b", "    a\n    c"))).toEqual(["a\nc\n", "indentation"]);
    expect(outcome(edit("\t\ta\n\t\t\tb\n", "a\n\tb", "a\n\tc"))).toEqual([
      "\t\ta\n\t\t\tc\n",
      "indentation",
    ]);
  });

  it("does not shift by two measures, nor a new line that has less than is taken away", () => {
    expect(edit("  a\n    b\n", "a\nb", "c\nd").kind).toBe("none");
    expect(edit("a\n  b\n", "    a\n      b", "  a\nc").kind).toBe("none");
    expect(edit("\ta\n\t b\n", "\ta\n  b", "x").kind).toBe("none");
  });

  it("is no fuzzier than that", () => {
    for (const old of ["A b", "a  b", "a  b\nc", "a b\n\nc", "a b;\nc"]) {
      expect([old, edit("a b\nc\n", old, "x").kind]).toEqual([old, "none"]);
    }
    expect(edit("  \n\n\t\n", " \n \n", "x").kind).toBe("none");
  });

  it("looks further down only where nothing fits above", () => {
    expect(outcome(edit("a \nb\n\na\nb\n", "a\nb", "c"))).toEqual(["a \nb\n\nc\n", "exact"]);
    expect(outcome(edit("a\nb\na\nb\na\r\nb\n", "a\nb", "c"))).toEqual([2, [1, 3]]);
    expect(outcome(edit("  a\n  b \na \nb\n", "a\nb", "c"))).toEqual([
      "  a\n  b \nc\n",
      "white space at line ends",
    ]);
  });

  it("of several places names the lines, or changes all of them", () => {
    expect(outcome(edit("a\nb\na a\n", "a", "c"))).toEqual([3, [1, 3, 3]]);
    expect(outcome(edit("a\nb\na a\n", "a", "c", true))).toEqual(["c\nb\nc c\n", "exact"]);
    expect(outcome(edit("a\r\nb\r\n".repeat(3), "a\nb\n", "c\nd\n", true))).toEqual([
      "c\r\nd\r\n".repeat(3),
      "line endings",
    ]);
    expect(outcome(edit("aaa\n", "aa", "b", true))).toEqual(["ba\n", "exact"]);
    expect(outcome(edit("a\n".repeat(20), "a", "b"))).toEqual([20, [1, 2, 3, 4, 5, 6, 7, 8]]);
    expect(outcome(edit("a".repeat(50_000), "a", "b", true))).toEqual([10_000, [1, 1, 1, 1, 1, 1, 1, 1]]);
  });

  it("keeps a last line that does not end as it is, unless it is told otherwise", () => {
    expect(outcome(edit("a\nb", "a\nb\n", "a\nc\n"))).toEqual(["a\nc", "exact"]);
    expect(outcome(edit("a\nb", "b\n", "b\nc\n"))).toEqual(["a\nb\nc", "exact"]);
    expect(outcome(edit("a\r\nb", "b\n", "b\nc\n"))).toEqual(["a\r\nb\r\nc", "line endings"]);
    expect(outcome(edit("a\nb", "b", "b\n"))).toEqual(["a\nb\n", "exact"]);
    expect(outcome(edit("a\nb", "\nb", ""))).toEqual(["a", "exact"]);
    expect(outcome(edit("a\nb\n", "b\n", "c"))).toEqual(["a\nc", "exact"]);
    expect(outcome(edit("a  \nb", "a\nb\n", "c\n"))).toEqual(["c", "white space at line ends"]);
  });

  it("keeps a byte order mark, which neither text needs to have", () => {
    expect(outcome(edit("\uFEFFa\nb\n", "a", "c"))).toEqual(["\uFEFFc\nb\n", "exact"]);
    expect(outcome(edit("\uFEFFa\nb\n", "\uFEFFa", "\uFEFFc"))).toEqual(["\uFEFFc\nb\n", "exact"]);
    expect(outcome(edit("\uFEFF  a\n  b\n", "a\nb", "a\nc"))).toEqual(["\uFEFF  a\n  c\n", "indentation"]);
  });

  it("names the three lines most like the first that is missing", () => {
    const text = "import a\nfunction count(x) {\n  return x\n}\nfunction counter(y) {\nconst counts = 1\n";
    expect(edit(text, "import a\nfunction conut(x) {", "")).toEqual({
      kind: "none",
      nearest: ["2→function count(x) {", "5→function counter(y) {", expect.stringMatching(/^(6|3|1)→/)],
    });
    expect(outcome(edit("}\nx\n{\n", "{\nx\n}\n", ""))).toEqual([]);
    expect(outcome(edit("last()\nfirst()\n", "first()\nlast()\n", ""))[0]).toBe("2→first()");
    expect(outcome(edit("words ".repeat(99), "wordz", ""))[0]).toHaveLength(202);
    expect(edit("", "a", "b")).toEqual({ kind: "none", nearest: [] });
  });

  it("takes a long old text", () => {
    for (const part of ["some words\n".repeat(5000), "x".repeat(100_000)]) {
      expect(outcome(edit(`a\n${part}b\n`, part, "c"))).toEqual(["a\ncb\n", "exact"]);
    }
    const lines = Array.from({ length: 500 }, (_, at) => `  line ${at} ${"and more ".repeat(10)}`);
    expect(outcome(edit(lines.join("\r\n"), lines.join("\n"), "x"))).toEqual(["x", "line endings"]);
    const dedented = lines.map((line) => line.slice(2)).join("\n");
    expect(outcome(edit(lines.join("\r\n"), dedented, "x"))).toEqual(["  x", "indentation"]);
  });

  it("answers soon about a large text", () => {
    const text = "the same line of some length, again and again\n".repeat(170_000);
    expect(edit(text, "the same lime\n  of some", "x").kind).toBe("none");
    expect(edit(`${" ".repeat(4_000_000)}x`, "a\n  b", "x").kind).toBe("none");
    expect(edit("a\n".repeat(4000), "b\n".repeat(20_000), "x").kind).toBe("none");
    expect(edit("a\n", "b".repeat(100_000), "x").kind).toBe("none");
  });
});

describe("The diff of an edit", () => {
  const diff = (...order: Parameters<typeof edit>): string => {
    const edited = edit(...order);
    return edited.kind === "changed" ? edited.diff : "";
  };

  it("has the lines that went and came, with the number of the first", () => {
    expect(diff("a\nb\nc\nd\n", "b\nc\n", "b\nx y\nz\n")).toBe("@@ line 3 @@\n-c\n+x y\n+z");
    expect(diff("a\r\nb b\r\n", " b", " c")).toBe("@@ line 2 @@\n-b b\n+b c");
    expect(diff("a\nb\nc\n", "b\n", "")).toBe("@@ line 2 @@\n-b");
    expect(diff("a\nb", "b", "b\nc")).toBe("@@ line 3 @@\n+c");
    expect(diff("a a\nb\na\n", "a", "c", true)).toBe("@@ line 1 @@\n-a a\n+c c");
  });

  it("has at most 40 lines, none very long", () => {
    const lines = diff("a\n", "a", "b\n".repeat(100)).split("\n");
    expect(lines).toHaveLength(40);
    expect(lines.at(-1)).toBe("… of 103 lines");
    expect(diff("a\n", "a", "x".repeat(5000)).length).toBeLessThan(400);
  });
});

describe("Whatever an edit changes", () => {
  const line = fc.string({ unit: fc.constantFrom("a", " ", "\t", "$&", ".*", "é", "\\"), maxLength: 6 });
  const ending = fc.constantFrom<string>("\n", "\r\n");
  const lines = fc.array(fc.tuple(line, ending), { minLength: 1, maxLength: 12 });
  const strip = (text: string): string => text.replaceAll("\r\n", "\n");

  it("leaves every other byte alone, with whatever mix of endings", () => {
    fc.assert(
      fc.property(
        lines,
        fc.array(line, { minLength: 1, maxLength: 3 }),
        fc.record({ from: fc.nat(11), to: fc.nat(11), at: fc.nat(11) }),
        fc.record({
          isOpen: fc.boolean(),
          isMarked: fc.boolean(),
          isClosed: fc.boolean(),
          isCrlf: fc.boolean(),
        }),
        (raw, put, place, { isOpen, isMarked, isClosed, isCrlf }) => {
          // The number makes each line the only one.
          const rows = raw.map(([text, end], at) => ({ text: `#${at}:${text}|`, end }));
          const last = rows.at(-1);
          if (isOpen && last !== undefined) last.end = "";
          const from = place.from % rows.length;
          const to = from + (place.to % (rows.length - from));
          const at = from + (place.at % (to - from + 1));
          const fresh = put.map((text) => `new${text}`);
          const mark = isMarked ? "\uFEFF" : "";
          const textOf = (some: typeof rows): string => some.map(({ text, end }) => text + end).join("");
          const asked = isCrlf ? "\r\n" : "\n";
          const wish = (some: readonly string[]): string => some.join(asked) + (isClosed ? asked : "");
          const old = rows.slice(from, to + 1).map(({ text }) => text);
          const changed = [...old.slice(0, at - from), ...fresh, ...old.slice(at - from + 1)];

          const edited = edit(mark + textOf(rows), wish(old), wish(changed));
          const text = edited.kind === "changed" ? edited.text : "";
          const before = mark + textOf(rows.slice(0, at));
          const after = (rows[at]?.end ?? "") + textOf(rows.slice(at + 1));
          expect(text.startsWith(before) && text.endsWith(after)).toBe(true);
          expect(strip(text.slice(before.length, text.length - after.length))).toBe(fresh.join("\n"));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
