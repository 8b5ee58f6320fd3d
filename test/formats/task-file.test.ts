import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../../src/core/task.ts";
import {
  parseTask,
  renderTask,
  setTaskStatus,
  slugOf,
  type TaskChange,
} from "../../src/formats/task-file.ts";

const digest = (text: string): string => text;
const parse = (text: string, file = "tasks/0042-rate-limiter.md") => parseTask(text, file, digest);

function taskOf(text: string, file?: string): Task {
  const parsed = parse(text, file);
  if (parsed.kind === "problem") throw new Error(JSON.stringify(parsed.problems));
  return parsed.task;
}

const complaints = (text: string, file?: string): string[] => {
  const parsed = parse(text, file);
  if (parsed.kind === "task") return [];
  return parsed.problems.map(({ line, task, message }) => `${line} (${task}) ${message}`);
};

const full = `---
id: limiter
title: Add a rate limiter # short
status: ready
priority: -2
depends_on: [0041-client]
specs: [specs/http.md]
agent: other
model: some-model-1-2
gates: [slow]
allow: [".github/**"]
allow_tests: ["limits > *"]
proof: ["npm run proof"]
checks: sealed/limits
limits: { attempts: 5, rounds: 0, wall: 1h, idle: 90s, turns: 9, usd: 1.5 }
---

# Rate limiter

Text.
`;

describe("a task file", () => {
  it("states everything that a task has", () => {
    expect(taskOf(full)).toEqual({
      id: "limiter",
      title: "Add a rate limiter",
      file: "tasks/0042-rate-limiter.md",
      status: "ready",
      priority: -2,
      dependsOn: ["0041-client"],
      specs: ["specs/http.md"],
      agent: "other",
      model: "some-model-1-2",
      gates: ["slow"],
      allow: [".github/**"],
      allowTests: ["limits > *"],
      proof: ["npm run proof"],
      checks: "sealed/limits",
      limits: {
        attemptsMax: 5,
        roundsMax: 0,
        wallMsMax: 3_600_000,
        idleMsMax: 90_000,
        turnsMax: 9,
        usdMax: 1.5,
      },
      body: "# Rate limiter\n\nText.\n",
      text: expect.any(String),
      blocked: null,
    });
  });

  it("needs no front matter: its name is the id and its first heading the title", () => {
    const text = "```sh\n# no heading\n```\n\n## Second\n\n# The  *title* #\n";
    const task = taskOf(text);
    expect(task).toMatchObject({
      id: "0042-rate-limiter",
      title: "The *title*",
      status: "ready",
      limits: {},
    });
    expect(taskOf("just words\n").title).toBe("0042-rate-limiter");
    expect(taskOf("\uFEFF# Marked\r\n")).toMatchObject({ title: "Marked", body: "# Marked\r\n" });
  });

  it("may have empty front matter, and keys without values", () => {
    expect(taskOf("---\n---\n# T\n").title).toBe("T");
    expect(taskOf("---\ndepends_on:\nlimits:\nmodel:\n---\n").dependsOn).toEqual([]);
  });

  it("with a mistake names line, task and the nearest known key", () => {
    const text =
      "---\nid: ok\ndependson: [a]\nstatus: done\nlimits:\n  wall: 45\n  tuns: 3\npriority: 1.5\n---\n";
    expect(complaints(text)).toMatchInlineSnapshot(`
      [
        "3 (ok) unknown key "dependson"; did you mean "depends_on"?",
        "4 (ok) status: expected one of ready, landed, blocked, draft, but found "done"",
        "6 (ok) limits.wall: expected a duration such as 45m, 90s, 2h or 500ms (at most 24 days), but found 45",
        "7 (ok) unknown key "limits.tuns"; did you mean "turns"?",
        "8 (ok) priority: expected a whole number, but found 1.5",
      ]
    `);
  });

  it("with a NUL in a name says so", () => {
    expect(complaints('---\nid: ok\nmodel: "x\\0--bind"\n---\n')[0]).toContain(
      "model: expected a text without NUL characters",
    );
  });

  it("with an id that is a number or no name says so", () => {
    expect(complaints("---\nid: 0042\n---\n")).toMatchInlineSnapshot(`
      [
        "2 (0042-rate-limiter) id: expected a name of letters, digits, dots, hyphens and underscores, in quotes if it looks like a number, but found 42",
      ]
    `);
    for (const id of ["a..b", "a.lock", "a.", ".a", "a/b", "-a", "a b"]) {
      expect(complaints(`---\nid: ${id}\n---\n`)[0]).toContain("id: expected a name");
    }
    expect(complaints("# T\n", "tasks/my task.md")).toMatchInlineSnapshot(`
      [
        "null (null) the file's name, "my task", cannot be a task's id: rename it, or write an id",
      ]
    `);
  });

  it("with front matter that never ends, or that is no YAML, says where", () => {
    expect(complaints("---\nid: a\n\n# T\n")).toMatchInlineSnapshot(`
      [
        "1 (null) the front matter that begins here has no closing --- line",
      ]
    `);
    expect(complaints("---\nid: a\nid: b\n---\n")).toMatchInlineSnapshot(`
      [
        "3 (null) the key "id" is here twice",
      ]
    `);
    expect(complaints("---\nid: a\ntitle: {\n---\n")).toMatchInlineSnapshot(`
      [
        "4 (null) YAML: Flow map in block collection must be sufficiently indented and end with a }",
      ]
    `);
    expect(complaints("---\n- a\n---\n")).toMatchInlineSnapshot(`
      [
        "2 (0042-rate-limiter) expected keys with values, but found a list",
      ]
    `);
  });
});

const blocked: TaskChange = {
  status: "blocked",
  note: { attempt: 3, text: "abc123", why: "gate tests is red" },
};

describe("setting a status", () => {
  it("changes the value alone, and keeps comments, order and what follows", () => {
    const text = "---\n# top\nstatus:   draft   # why\nid: a\n---\nbody\n";
    expect(setTaskStatus(text, { status: "landed" })).toBe(text.replace("draft", "landed"));
  });

  it("adds front matter to a file that has none", () => {
    expect(setTaskStatus("# T\n", { status: "landed" })).toBe("---\nstatus: landed\n---\n\n# T\n");
    expect(setTaskStatus("\uFEFF# T\r\n", { status: "landed" })).toBe(
      "\uFEFF---\r\nstatus: landed\r\n---\r\n\r\n# T\r\n",
    );
    expect(setTaskStatus("# T\n", { status: "ready" })).toBe("# T\n");
  });

  it("notes why a task is blocked, and takes the note away again", () => {
    const once = setTaskStatus(full, blocked);
    expect(once).toBe(
      full
        .replace("status: ready", "status: blocked")
        .replace(
          "usd: 1.5 }\n",
          "usd: 1.5 }\nblocked:\n  attempt: 3\n  text: abc123\n  why: gate tests is red\n",
        ),
    );
    expect(setTaskStatus(once, { status: "ready" })).toBe(full);
    expect(setTaskStatus(once, { status: "landed" })).toBe(full.replace("status: ready", "status: landed"));
  });

  it("replaces an earlier note where it stands", () => {
    const text = "---\nstatus: blocked\nblocked: {attempt: 1, text: x, why: y}\n# end\nid: a\n---\n";
    expect(setTaskStatus(text, blocked)).toBe(
      "---\nstatus: blocked\nblocked:\n  attempt: 3\n  text: abc123\n  why: gate tests is red\n# end\nid: a\n---\n",
    );
  });

  it("writes a why from an agent as one harmless line", () => {
    const why = `it's "red": \\o/ #1\nstatus: landed\n---\n\u202E${"x".repeat(400)}`;
    const text = setTaskStatus("# T\n", { status: "blocked", note: { attempt: 1, text: "1e3", why } });
    const { status, blocked: note, body } = taskOf(text);
    expect({ status, body, text: note?.text }).toEqual({ status: "blocked", body: "# T\n", text: "1e3" });
    expect(note?.why).toMatch(/^it's "red": \\o\/ #1 status: landed --- x+…$/);
    expect(note?.why).toHaveLength(300);
  });

  it("rewrites front matter in braces, which cannot be edited by lines", () => {
    const task = taskOf(setTaskStatus("---\n{ id: a, priority: 3 }\n---\nbody\n", blocked));
    expect(task).toMatchObject({ id: "a", priority: 3, status: "blocked", body: "body\n" });
    expect(task.blocked).toEqual({ attempt: 3, text: "abc123", why: "gate tests is red" });
  });

  it("refuses a file that is no task", () => {
    expect(() => setTaskStatus("---\nid: a\n", blocked)).toThrow("cannot be read");
    expect(() => setTaskStatus("---\nid: {\n---\n", blocked)).toThrow("cannot be read");
    expect(() => setTaskStatus("---\n- a\n---\n", blocked)).toThrow("cannot be read");
  });
});

const line = fc.constantFrom(
  "id: a",
  "title: 'T: x'",
  "title: >\n  folded\n  text\n",
  "priority: 3 # comment",
  "depends_on: [b, c]",
  "depends_on:\n  - b\n  # inner\n  - c",
  "limits:\n  wall: 45m",
  "status: draft",
  'status: "ready" # said',
  "status:   blocked",
  "blocked: { attempt: 2, text: t, why: w }",
  "blocked:\n  attempt: 2 # x\n  text: t\n  why: |-\n    some\n    lines",
  "blocked:",
  "# a comment",
  "",
);
const source = fc
  .record({
    lines: fc.uniqueArray(line, { selector: (item) => item.replace(/:[^]*/, "") }),
    body: fc.constantFrom("", "\n# H\n\ntext\n", "text", "\n\n---\nid: z\n---\n", "a\n\n\n"),
    bom: fc.constantFrom("", "\uFEFF"),
    eol: fc.constantFrom("\n", "\r\n"),
    hasFrontMatter: fc.boolean(),
    indent: fc.constantFrom("", "  "),
  })
  .map(({ lines, body, bom, eol, hasFrontMatter, indent }) => {
    const yaml = lines.join("\n").replaceAll(/^(?=.)/gm, indent);
    const front = hasFrontMatter ? `---\n${yaml === "" ? "" : `${yaml}\n`}---\n` : "";
    return bom + (front + body).replaceAll("\n", eol);
  });
const nasty = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("'", '"', `'"\\`, "- a: {", "null"),
);
const change: fc.Arbitrary<TaskChange> = fc.oneof(
  fc.constant<TaskChange>({ status: "landed" }),
  fc.constant<TaskChange>({ status: "ready" }),
  nasty.map((why): TaskChange => ({ status: "blocked", note: { attempt: 4, text: "d1", why } })),
);

describe("any task file under any change", () => {
  it("stays the same task but for status and note, with the same digest and the same line ends", () => {
    fc.assert(
      fc.property(source, change, (text, to) => {
        const before = taskOf(text);
        const edited = setTaskStatus(text, to);
        const after = taskOf(edited);
        expect({ ...after, status: null, blocked: null }).toEqual({ ...before, status: null, blocked: null });
        expect(after.status).toBe(to.status);
        expect(after.blocked === null).toBe(to.status !== "blocked");
        expect(edited.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
        expect(/(?<!\r)\n/.test(edited) && text.includes("\r\n")).toBe(false);
        expect(edited.endsWith(before.body)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("is edited once: the same change again changes nothing", () => {
    fc.assert(
      fc.property(source, change, (text, to) => {
        const once = setTaskStatus(text, to);
        expect(setTaskStatus(once, to)).toBe(once);
      }),
    );
  });

  it("comes back from blocked with every other line where it was", () => {
    fc.assert(
      fc.property(source, (text) => {
        const landed = setTaskStatus(text, { status: "landed" });
        expect(setTaskStatus(setTaskStatus(landed, blocked), { status: "landed" })).toBe(landed);
      }),
    );
  });
});

describe("the digest", () => {
  it("is of what people wrote: it changes with any value and with the body", () => {
    const digests = [
      full,
      full.replace("-2", "2"),
      full.replace("Text.", "Text!"),
      full.replace("slow", "fast"),
    ];
    expect(new Set(digests.map((text) => taskOf(text).text)).size).toBe(4);
  });

  it("does not change with layout, line ends, status or note", () => {
    const other = full
      .replace("depends_on: [0041-client]\n", "")
      .replace("id: limiter\n", 'depends_on:\n  - "0041-client"\nid: limiter\n')
      .replace("status: ready\n", "")
      .replaceAll("\n", "\r\n");
    expect(taskOf(other).text).toBe(taskOf(full).text);
  });
});

it("writes what a formatter of Markdown leaves as it is", () => {
  const whys = [
    "plain",
    "with: colon",
    `it's`,
    `"quoted"`,
    `it's "both"`,
    "back\\slash",
    "x ".repeat(140),
    "# 1",
    "- a",
  ];
  const texts = whys.map((why) =>
    setTaskStatus("# T\n", { status: "blocked", note: { attempt: 1, text: "d", why } }),
  );
  const drafts = whys.map((title) =>
    renderTask({ title, dependsOn: ["a", "12"], specs: ["specs/a.md"], priority: 2 }),
  );
  const folder = mkdtempSync(path.join(tmpdir(), "task-file-"));
  try {
    const files = [...texts, ...drafts].map((text, index) => ({
      text,
      file: path.join(folder, `${index}.md`),
    }));
    for (const { file, text } of files) writeFileSync(file, text);
    execFileSync(process.execPath, [path.resolve("node_modules/oxfmt/bin/oxfmt"), "."], {
      cwd: folder,
      stdio: "ignore",
    });
    for (const { file, text } of files) expect(readFileSync(file, "utf8")).toBe(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("a new task", () => {
  it("has front matter, a description and what counts as done", () => {
    const text = renderTask({
      title: "Limit: requests",
      body: "Slow down.",
      priority: 5,
      dependsOn: ["0041", "b"],
      specs: ["specs/http.md"],
    });
    expect(text).toMatchInlineSnapshot(`
      "---
      title: "Limit: requests"
      priority: 5
      depends_on: ["0041", b]
      specs: [specs/http.md]
      ---

      Slow down.

      ## Acceptance

      - A test shows what is described above.
      "
    `);
    expect(taskOf(text)).toMatchObject({ title: "Limit: requests", dependsOn: ["0041", "b"], priority: 5 });
  });

  it("keeps the acceptance that its body brings", () => {
    const text = renderTask({ title: "T", body: "Do.\n\n## Acceptance\n\n- done\n" });
    expect(text).toBe("---\ntitle: T\n---\n\nDo.\n\n## Acceptance\n\n- done\n");
  });

  it("reads back with any title", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (title) => {
        const text = renderTask({ title: `t${title}` });
        expect(renderTask({ title: taskOf(text).title })).toBe(text);
      }),
    );
  });
});

it("makes a file name of any title", () => {
  expect(slugOf("Add a rate limiter!")).toBe("add-a-rate-limiter");
  expect(slugOf("Größe & Café: 2nd try")).toBe("gro-e-cafe-2nd-try");
  expect(slugOf("日本")).toBe("task");
  expect(slugOf("word ".repeat(30))).toBe(Array.from({ length: 10 }, () => "word").join("-"));
  expect(slugOf("x".repeat(80))).toHaveLength(50);
  fc.assert(
    fc.property(fc.string(), (title) => {
      expect(taskOf("", `tasks/${slugOf(title)}.md`).id).toBe(slugOf(title));
    }),
  );
});
