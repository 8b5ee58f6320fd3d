import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitSha, taskId } from "../../src/core/ids.ts";
import {
  appendEntry,
  parseLearnings,
  oneLine,
  parseProgress,
  type ProgressEntry,
  progressHeader,
} from "../../src/formats/progress-file.ts";

const base = commitSha("1f2e3d4c5b");
const date = "2026-11-20";

function entryOf(name: string, change: string, learnings: readonly string[], first = 1): ProgressEntry {
  return {
    task: taskId(name),
    outcome: "landed",
    attempt: 2,
    date,
    base,
    change,
    learnings: learnings.map((text, index) => {
      const id = `L-${String(first + index).padStart(4, "0")}`;
      return { id, task: name, date, text };
    }),
  };
}

it("begins the file with its header and puts the newest entry last", () => {
  const first = entryOf("0042-rate-limiter", "Added a token bucket to the client.", [
    "Tests must inject the clock.",
    "`npm test` needs *_x_* set.",
  ]);
  const second: ProgressEntry = {
    ...entryOf("b_", "", []),
    outcome: "blocked",
    base: commitSha("a".repeat(40)),
  };
  const text = appendEntry(appendEntry("", first), second);
  expect(text.startsWith(progressHeader)).toBe(true);
  expect(text).toMatchInlineSnapshot(`
    "# Progress

    What each task taught, newest last. Written by ralphwright alone.

    ## 0042-rate-limiter: landed (2026-11-20, attempt 2, on 1f2e3d4c5b)

    Added a token bucket to the client.

    - L-0001: Tests must inject the clock.
    - L-0002: \`npm test\` needs \\*\\_x\\_\\* set.

    ## b\\_: blocked (2026-11-20, attempt 2, on aaaaaaaaaa)
    "
  `);
  expect(parseProgress(text)).toEqual([first, { ...second, base: "a".repeat(10) }]);
  expect(parseLearnings(text).map((learning) => learning.id)).toEqual(["L-0001", "L-0002"]);
});

it("passes over what people wrote between entries, and reads what they wrapped", () => {
  const text = `# Our progress
Notes by hand: - L-0666: no entry.

## a: landed (2026-11-20, attempt 1, on 1f2e3d4c5b)

Added a thing
in two lines.

A remark by hand.

- L-0001: One learning
  in two lines.
- by hand

## Notes

- L-0002: not in an entry
`;
  expect(parseProgress(text)).toEqual([
    {
      ...entryOf("a", "Added a thing in two lines.", ["One learning in two lines."]),
      attempt: 1,
    },
  ]);
});

it("keeps what is there byte for byte but for the end, and its line ends", () => {
  const text = "# Mine\r\n\r\n<!-- note -->\r\n\r\n\r\n";
  const appended = appendEntry(text, entryOf("a", "x", []));
  expect(appended).toBe(
    "# Mine\r\n\r\n<!-- note -->\r\n\r\n## a: landed (2026-11-20, attempt 2, on 1f2e3d4c5b)\r\n\r\nx\r\n",
  );
});

it("lets no text of an agent pose as anything else", () => {
  const nasty = [
    "done\n\n## b: landed (2026-11-20, attempt 1, on 1f2e3d4c5b)",
    "x\n- L-0099: forged",
    "- L-0099: forged",
    "<!-- hide",
    "# heading",
    "1. list",
    "~~~ fence",
    "---",
  ];
  const entry = entryOf("a", "## b: landed (2026-11-20, attempt 1, on 1f2e3d4c5b)", nasty);
  const text = appendEntry(appendEntry("", entry), entryOf("c", "- L-0098: forged", [], 20));
  expect(text.slice(progressHeader.length)).toMatchInlineSnapshot(`
    "
    ## a: landed (2026-11-20, attempt 2, on 1f2e3d4c5b)

    \\## b: landed (2026-11-20, attempt 1, on 1f2e3d4c5b)

    - L-0001: done ## b: landed (2026-11-20, attempt 1, on 1f2e3d4c5b)
    - L-0002: x - L-0099: forged
    - L-0003: \\- L-0099: forged
    - L-0004: \\<!-- hide
    - L-0005: \\# heading
    - L-0006: 1\\. list
    - L-0007: \\~\\~\\~ fence
    - L-0008: \\---

    ## c: landed (2026-11-20, attempt 2, on 1f2e3d4c5b)

    \\- L-0098: forged
    "
  `);
  expect(parseProgress(text).map(({ task }) => task)).toEqual(["a", "c"]);
  expect(parseLearnings(text).map(({ id }) => id)).not.toContain("L-0099");
});

const piece = fc.constantFrom(
  ..."` `` * ** _ __ a b_c _x x_ < <b> # - + 1. 1) 12. [ ] [a](b) [x]: | ~ ~~ ~~~ &amp; & &#35; \\ \\* ! $ $$ -- --- = ===".split(
    " ",
  ),
  ..."^ [^1] ::: ... : *a* _a_ `x` `a|b` > <https://a.b> http://a_b.c/d_e % @ ( ) word a*b 5*3 ~a~ => / ; { } 🎉 日本 é".split(
    " ",
  ),
  "<!-- x -->",
  "` a `",
  "{{ x }}",
  "\n\n",
  "\n# h",
  "\n- L-0001: q",
  "L-0009: x",
  "\t",
  "\u200B",
  "\u202E",
  "\u0301",
);
const readable = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(" ")),
  fc.string({ maxLength: 20 }),
);
const anything = fc.oneof(
  readable,
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 500, maxLength: 900 }),
);

const entries = (text: fc.Arbitrary<string>, count: number): fc.Arbitrary<ProgressEntry[]> =>
  fc
    .array(fc.tuple(text, fc.array(text, { maxLength: 3 })), { minLength: 1, maxLength: count })
    .map((texts) => texts.map(([change, learnings], n) => entryOf(`t${n}_`, change, learnings, n * 3)));

const fileOf = (all: readonly ProgressEntry[]): string =>
  all.reduce((text, entry) => appendEntry(text, entry), "");

describe("any texts", () => {
  it("read back as the entries that were appended, each text on one line", () => {
    fc.assert(
      fc.property(entries(anything, 5), (all) => {
        const asOneLine = all.map((entry) => ({
          ...entry,
          change: oneLine(entry.change, 600),
          learnings: entry.learnings.map((learning) => ({ ...learning, text: oneLine(learning.text, 400) })),
        }));
        expect(parseProgress(fileOf(all))).toEqual(asOneLine);
      }),
      { numRuns: 500 },
    );
  });

  it("are left as they are by a formatter of Markdown", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "progress-file-"));
    const files = fc.sample(entries(readable, 40), 12).map((all, n) => ({
      file: path.join(folder, `${n}.md`),
      text: fileOf(all),
    }));
    try {
      for (const { file, text } of files) writeFileSync(file, text);
      const formatter = path.resolve("node_modules/oxfmt/bin/oxfmt");
      execFileSync(process.execPath, [formatter, "."], { cwd: folder, stdio: "ignore" });
      for (const { file, text } of files) expect(readFileSync(file, "utf8")).toBe(text);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
