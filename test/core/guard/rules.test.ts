import { describe, expect, it } from "vitest";
import { joinFindings } from "../../../src/core/guard/change.ts";
import { defaultProtect } from "../../../src/core/guard/default-protect.ts";
import { fileKindFinding } from "../../../src/core/guard/file-kinds.ts";
import { attributesFinding, ignoreFinding } from "../../../src/core/guard/git-files.ts";
import { foldersOf, nameFindings } from "../../../src/core/guard/names.ts";
import { gitlinkFinding } from "../../../src/core/guard/protected-paths.ts";
import { silencedIn, silencerFindings } from "../../../src/core/guard/silencers.ts";
import { snapshotFinding } from "../../../src/core/guard/snapshots.ts";
import { matchGlobs } from "../../../src/formats/glob.ts";
import { matchIgnorePatterns } from "../../../src/formats/ignore-patterns.ts";
import { touched } from "./touched.ts";

describe("Findings", () => {
  it("are told together, each once, and not without end", () => {
    expect(joinFindings([])).toBeNull();
    expect(joinFindings(["a", "b", "a"])).toBe("a; b");
    expect(joinFindings(["a", "b", "c", "d", "e", "f", "g"])).toBe("a; b; c; d; e; and 2 more");
  });

  it("of a repository within the repository name it", () => {
    expect(gitlinkFinding("vendor/x", "160000")).toContain("vendor/x is a git repository of its own");
    expect(gitlinkFinding("vendor/x", "100644")).toBeNull();
  });
});

describe("What is protected by default", () => {
  const isProtected = matchGlobs(defaultProtect);

  it.each(
    (
      "ralph.config.yaml AGENTS.md packages/a/AGENTS.md .github/workflows/ci.yml .husky/pre-commit Jenkinsfile " +
      "vitest.config.ts packages/a/vitest.config.mts vite.config.js jest.config.cjs .mocharc.json ava.config.js " +
      "playwright.config.ts cypress.config.ts karma.conf.js tsconfig.json web/tsconfig.build.json jsconfig.json " +
      ".eslintrc.json eslint.config.mjs .oxlintrc.json biome.jsonc .prettierrc prettier.config.js " +
      ".stylelintrc.yml babel.config.js .babelrc pytest.ini tox.ini setup.cfg .coveragerc .flake8 .pylintrc " +
      "mypy.ini ruff.toml noxfile.py .cargo/config.toml crates/a/.cargo/config.toml clippy.toml rustfmt.toml " +
      "rust-toolchain.toml .config/nextest.toml .golangci.yml .gitlab-ci.yml .circleci/config.yml " +
      "azure-pipelines.yml .buildkite/pipeline.yml .pre-commit-config.yaml lefthook.yml .npmrc .yarnrc.yml " +
      "pnpm-workspace.yaml .pnpmfile.cjs bunfig.toml pip.conf"
    ).split(" "),
  )("%s", (path) => {
    expect(isProtected(path)).toBe(true);
  });

  it("leaves lock files, lists of dependencies, sources and documents alone", () => {
    const paths =
      "package-lock.json yarn.lock pnpm-lock.yaml Cargo.lock uv.lock poetry.lock go.mod go.sum requirements.txt " +
      "package.json pyproject.toml Cargo.toml src/config.ts src/jest.ts README.md docs/tsconfig.md Makefile";
    expect(paths.split(" ").filter(isProtected)).toEqual([]);
  });
});

describe("A snapshot", () => {
  const entry = (name: string, value: string): string => `exports[\`${name}\`] = \`${value}\`;\n\n`;
  const snap = `// Vitest Snapshot v1\n\n${entry("a 1", '"x"')}${entry("b 1", "\n<p>\n  \\`b\\` \\${c}\n</p>\n")}`;
  const told = (path: string, before: string | null, after: string | null): string | null =>
    snapshotFinding(touched(path, before, after));

  it("may be added, and a file of them may gain some", () => {
    expect(told("src/__snapshots__/a.test.ts.snap", null, snap)).toBeNull();
    expect(told("a.snap", snap, `${snap}${entry("c 1", "new")}`)).toBeNull();
    expect(told("a.snap", snap, snap.replaceAll("\n", "\r\n"))).toBeNull();
    const ambr = "# serializer version: 1\n# name: test_a\n  1\n# ---\n";
    expect(told("a.ambr", ambr, `${ambr}# name: test_b\n  2\n# ---\n`)).toBeNull();
    expect(told("a.ambr", ambr, ambr.replace("  1", "  2"))).toContain('changes the snapshot "test_a"');
  });

  it("may be neither changed nor removed", () => {
    expect(told("a.snap", snap, snap.replace('"x"', '"y"'))).toBe(
      'a.snap changes the snapshot "a 1"; put it back and make the code fit, or the task must allow it (allow: ["a.snap"])',
    );
    expect(told("a.snap", snap, `${snap}${entry("a 1", "again")}`)).toContain('changes the snapshot "a 1"');
    expect(told("a.snap", snap, entry("a 1", '"x"'))).toContain('changes the snapshot "b 1"');
    expect(told("a.snap", snap, null)).toContain("is a snapshot and was removed");
    for (const path of [
      "pkg/testdata/deep/x.golden",
      "x.approved.txt",
      "src/__snapshots__/x.txt",
      "insta.snap",
    ]) {
      expect(told(path, "a", "a\nb")).toContain(`${path} is a snapshot and was changed`);
    }
    expect(told("docs/golden.md", "a", null)).toBeNull();
  });

  it("may hold no code, which would run with the tests", () => {
    for (const code of ["process.exit(0);", entry("z", "${process.exit(0)}")]) {
      expect(told("a.snap", null, snap + code)).toContain("a.snap holds code beside its snapshots");
    }
  });
});

describe("A comment that silences a tool", () => {
  const told = (...files: readonly (readonly [string, string | null, string | null])[]): readonly string[] =>
    silencerFindings(files.flatMap(([path, before, after]) => silencedIn(touched(path, before, after))));

  it.each([
    ["a.ts", "// eslint-disable-next-line no-console", "eslint-disable"],
    ["a.ts", "foo(); //eslint-disable-line", "eslint-disable"],
    ["a.ts", " * eslint-disable-next-line\r", "eslint-disable"],
    ["a.ts", "/* eslint-disable */", "eslint-disable of a whole file"],
    ["a.ts", '/* eslint no-console: "off" */', "eslint-disable of a whole file"],
    ["a.vue", "<!-- eslint-disable -->", "eslint-disable of a whole file"],
    ["a.ts", "// oxlint-disable-next-line", "eslint-disable"],
    ["a.ts", "// biome-ignore lint: no", "biome-ignore"],
    ["a.ts", "{/* @ts-ignore */}", "@ts-ignore or @ts-expect-error"],
    ["a.ts", "//   @ts-expect-error later", "@ts-ignore or @ts-expect-error"],
    ["a.ts", "// @ts-nocheck", "@ts-nocheck"],
    ["a.ts", "// prettier-ignore", "prettier-ignore"],
    ["a.ts", "/* istanbul ignore next */", "coverage ignore"],
    ["a.ts", "/* c8 ignore start */", "coverage ignore"],
    ["a.ts", "/* v8 ignore next 3 */", "coverage ignore"],
    ["a.py", "x = 1  #noqa: E501", "noqa"],
    ["a.py", "# flake8: noqa", "noqa"],
    ["a.py", "x = 1 # type:ignore[attr]", "type: ignore"],
    ["a.py", "# pylint: disable=all", "pylint: disable"],
    ["a.py", "if x:  # pragma: no cover", "coverage ignore"],
    ["a.py", "# mypy: ignore-errors", "mypy settings in a file"],
    ["a.go", "foo() //nolint:errcheck", "nolint"],
    ["a.rs", "#[allow(dead_code)]", "#[allow(…)]"],
    ["a.rs", "#![ allow (warnings)]", "#[allow(…)]"],
    ["a.rs", "#[cfg_attr(test, allow(x))]", "#[allow(…)]"],
    ["a.cc", "foo(); // NOLINT", "NOLINT"],
    ["A.java", '@SuppressWarnings("unchecked")', "@SuppressWarnings"],
    ["a.rb", "# rubocop:disable all", "rubocop:disable"],
    ["a.php", "// @phpstan-ignore-next-line", "phpstan-ignore"],
    ["a.sh", "# shellcheck disable=SC2086", "shellcheck disable"],
  ])("%s: %s", (path, line, kind) => {
    const finding = `${path}:2 silences a tool (${kind}); mend what it tells, or the task must allow it (allow: ["${path}"])`;
    expect(told([path, "", `\n${line}\n`])).toEqual([finding]);
    expect(told([path, line, `${line}\n`])).toEqual([]);
  });

  it("may move from file to file, and may go", () => {
    const line = "// eslint-disable-next-line\n";
    expect(told(["a.ts", line, ""], ["b.ts", null, `x\n${line}`])).toEqual([]);
    expect(told(["a.ts", line, null])).toEqual([]);
    expect(told(["a.ts", line, ""], ["b.ts", "", line + line], ["c.ts", "x\n", `x\n${line}`])).toEqual([
      expect.stringMatching(/^b\.ts:1 is the first of 2 places that silence a tool \(eslint-disable\)/),
    ]);
  });

  it.each([
    ["a.ts", 'const marks = ["// eslint-disable-line", "@ts-ignore", `// @ts-nocheck`, /prettier-ignore/];'],
    ["a.js", "const mark = '/* biome-ignore */';"],
    ["a.py", 'mark = "# type: ignore"\ntext = """\n# pylint: disable=all\n"""'],
    ["a.go", 'mark := "//nolint" + `//lint:ignore`'],
    ["a.rs", 'let mark = "#[allow(x)]";'],
    ["A.java", 'String mark = "@SuppressWarnings";'],
  ])("is told from a string in %s: %s", (path, text) => {
    expect(told([path, null, text])).toEqual([]);
  });

  it.each([
    ["a.ts", "const a = 'it' // @ts-ignore 'it'"],
    ["a.ts", "const a = `${/* @ts-ignore */ b}`;"],
    ["a.ts", "const a = /'/; // @ts-ignore '"],
    ["a.jsx", "<p>don't {/* @ts-ignore */} can't</p>"],
    ["a.js", "<p>don't {/* @ts-ignore */} can't</p>"],
    ["a.vue", "<p>don't <!-- @ts-ignore --> can't</p>"],
    ["a.py", "x = '#' # type: ignore"],
    ["a.py", "x = '# noqa'"],
    ["a.py", "x = 'pragma: no cover'"],
    ["a.sh", "x='# shellcheck disable=SC1'"],
    ["a.yaml", "x: '# yamllint disable'"],
    ["a.ts", "const a = `\n// @ts-ignore"],
  ])(
    "counts where a string is none, where a tool reads lines, and where nobody knows, as in %s: %s",
    (path, text) => {
      expect(told([path, null, text])).toHaveLength(1);
    },
  );

  it("is told from the name of one in a document, and from words like it", () => {
    expect(told(["a.md", "", "Never write `// @ts-ignore` or `# noqa`."])).toEqual([]);
    expect(told(["a.ts", "", "const disable = allow(ignore); // the list that we ignore"])).toEqual([]);
  });
});

describe("A file", () => {
  const large = "x".repeat(1024 * 1024 + 1);

  it("may not be larger than can be reviewed, unless it was, or a package manager writes it", () => {
    expect(fileKindFinding(touched("a.json", null, large))).toBe(
      'a.json is 1.0 MiB large, and 1 MiB is the most; take it out, or the task must allow it (allow: ["a.json"])',
    );
    expect(fileKindFinding(touched("a.json", "", large.slice(1)))).toBeNull();
    expect(fileKindFinding(touched("a.json", large, `${large}y`))).toBeNull();
    expect(fileKindFinding(touched("web/package-lock.json", "", large))).toBeNull();
    expect(fileKindFinding(touched("a.json", large, null))).toBeNull();
  });

  it("may not be binary, unless it is a picture or a font", () => {
    expect(fileKindFinding(touched("a.ts", "x", "x\0"))).toContain("a.ts is binary, so nobody can review it");
    expect(fileKindFinding(touched("img/a.PNG", null, "\0"))).toBeNull();
    expect(fileKindFinding(touched("a.woff2", null, "\0"))).toBeNull();
  });
});

describe("A name", () => {
  const told = (name: string, others: readonly string[] = [], folder = "src"): string =>
    nameFindings({ folder, before: others, after: [...others, name] }).join("; ");

  it("may not clash with another where case or Unicode forms are folded", () => {
    expect(told("Readme.md", ["README.md"], "")).toBe(
      "Readme.md clashes with README.md on systems that fold case or Unicode forms; choose another name",
    );
    expect(told("caf\u00e9", ["cafe\u0301"])).toContain("src/caf\u00e9 clashes with");
    expect(told("STRASSE", ["straße"])).toContain("clashes");
    expect(nameFindings({ folder: "", before: [], after: ["a", "A"] })).toHaveLength(2);
  });

  it.each([
    "con",
    "NUL.txt",
    "com1.log",
    "aux",
    "a.",
    "a ",
    "a:b",
    "a?b",
    'a"b',
    "a\\b",
    "a\nb",
    "a\u202eb",
    "a\u200bb",
    ".GIT",
    "git~1",
    "a\uFFFD",
  ])("%j is not for every system", (name) => {
    expect(told(name)).toMatch(/; choose another name$/);
    expect(told(name)).not.toMatch(/[\n\u202e\u200b]/);
  });

  it("may be unusual, and may be as it was before", () => {
    for (const name of [
      "console.ts",
      "nullable",
      ".gitignore",
      "com10",
      "a b.txt",
      "größe",
      "日本",
      "[id].tsx",
      "a+b,c",
    ])
      expect(told(name)).toBe("");
    expect(nameFindings({ folder: "", before: ["a", "A", "aux"], after: ["a", "A", "aux", "b"] })).toEqual(
      [],
    );
  });

  it("is looked for in every folder on the way", () => {
    expect(foldersOf(["a/b/c.ts", "a/d.ts"])).toEqual(["", "a/b", "a"]);
    expect(foldersOf([])).toEqual([]);
  });
});

describe("A .gitignore", () => {
  const paths = ["src/a.ts", "test/a.test.ts", "docs/x.md"];
  const told = (before: string, after: string): string | null =>
    ignoreFinding({ path: ".gitignore", before, after, paths }, matchIgnorePatterns);

  it("may not hide what is tracked, or what would be a source or a test", () => {
    expect(told("", "docs/\n")).toContain(".gitignore hides docs/x.md, which is tracked; take that line out");
    expect(told("", "*.md\r\n")).toContain("docs/x.md");
    expect(told("dist\n", "dist\n**/*.spec.ts\n")).toContain(
      "would hide sources or tests such as src/probe.spec.ts",
    );
    expect(told("*\n!src\n!src/**\n!test\n!test/**\n", "*\n")).toContain("hides src/a.ts");
  });

  it("may hide what is made", () => {
    expect(told("", "dist/\nnode_modules\n*.log\n/src/generated/\n.env\n")).toBeNull();
    expect(told("docs/\n", "docs/\ndist/\n")).toBeNull();
  });
});

describe("A .gitattributes", () => {
  const paths = ["src/a.ts", "art/logo.psd"];
  const told = (after: string, before = ""): string | null =>
    attributesFinding({ path: ".gitattributes", before, after, paths }, matchIgnorePatterns);

  it.each([
    "*.ts filter=evil",
    "src/** export-ignore",
    "* -diff",
    "*.ts linguist-generated",
    "*.ts merge=ours",
    "*.ts  working-tree-encoding=UTF-16",
    "*.test.ts binary",
    "[attr]quiet -diff",
  ])("may not say %s", (line) => {
    expect(told(`# more\r\n${line}\r\n`)).toMatch(/^\.gitattributes (sets|defines) .*; take that line out/);
    expect(told(line, `${line}\n`)).toBeNull();
  });

  it("may say what holds for other files, or hides nothing", () => {
    for (const line of [
      "* text=auto eol=lf",
      "*.psd filter=lfs -diff",
      "package-lock.json -diff",
      "*.ts diff",
    ])
      expect(told(line)).toBeNull();
  });
});
