/** What a gate or a runner would load in place of something else, or loads from beside its script. */
import { describe, expect, it } from "vitest";
import { ownImports } from "../../../src/core/guard/gate-imports.ts";
import { scriptFoldersOf, shadowFinding } from "../../../src/core/guard/shadowing.ts";
import { touched } from "./touched.ts";

describe("A new file", () => {
  const files = new Map(
    ["tools/lint.py", "ledger/check.py", "ledger/check/__init__.py", "ledger/check/__main__.py"].map(
      (path) => [path, "lint"] as const,
    ),
  );
  const told = (path: string): string | null =>
    shadowFinding(touched(path, null, "x = 1\n"), scriptFoldersOf(files));

  it.each([
    ["tools/ast.py", "ast"],
    ["pluggy.py", "pluggy"],
    ["typing/__init__.py", "typing"],
    ["tests/unit/_pytest/__init__.py", "_pytest"],
    ["tests/random.pyc", "random"],
    ["_collections_abc.py", "_collections_abc"],
  ])("%s may not stand in the way of a module", (path, module) => {
    expect(told(path)).toBe(
      `${path} would be loaded in place of the Python module ${module}; choose another name, or the task must allow it` +
        ` (allow: [${JSON.stringify(path)}])`,
    );
  });

  it.each([
    "node_modules/a/index.js",
    "test/node_modules/a/index.js",
    "node_modules",
    "lib/site-packages/a.py",
  ])("%s may not stand in the way of a package", (path) => {
    expect(told(path)).toContain(`${path} would be loaded in place of an installed package`);
  });

  it.each(
    (
      "ledger/types.py ledger/ast.py src/app/queue.py tools/ast.txt tools/asts.py ast/reader.py test/__init__.py " +
      "tests/fixtures/node_modules/a/index.js tests/fixtures/types.py docs/node_modules.md ledger/random/__init__.py"
    ).split(" "),
  )("%s may be there", (path) => {
    expect(told(path)).toBeNull();
  });

  it("stands in no way when it was there before, or goes", () => {
    const folders = scriptFoldersOf(files);
    expect(shadowFinding(touched("tools/ast.py", "x", "y"), folders)).toBeNull();
    expect(shadowFinding(touched("tools/ast.py", null, null), folders)).toBeNull();
  });

  it("stands in the way as a link, too", () => {
    const link = { path: "tools/ast.py", mode: "120000", before: null, after: null };
    expect(shadowFinding(link, scriptFoldersOf(files))).toContain("the Python module ast");
  });
});

describe("A gate's script", () => {
  const loads = (path: string, text: string, file: string): boolean => ownImports(path, text).includes(file);

  it.each([
    ["scripts/lint.ts", 'import { rules } from "./rules.ts";', "scripts/rules.ts"],
    ["scripts/lint.ts", "import {\n  rules,\n} from './lib/rules.js';", "scripts/lib/rules.ts"],
    ["scripts/lint.ts", 'export * from "../tools/rules.mjs";', "tools/rules.mjs"],
    ["scripts/lint.cjs", "const r = require('./rules');", "scripts/rules.json"],
    ["scripts/lint.cjs", "const r = require('./rules');", "scripts/rules/index.js"],
    ["scripts/lint.mjs", 'await import("./rules.mjs");', "scripts/rules.mjs"],
    ["scripts/lint.mjs", 'import"./rules.mjs"', "scripts/rules.mjs"],
    ["lint.mjs", 'import "./scripts/rules.mjs";', "scripts/rules.mjs"],
    ["scripts/lint", "#!/usr/bin/env node\nrequire('./rules.js')", "scripts/rules.js"],
    ["tools/lint.py", "import rules", "tools/rules.py"],
    ["tools/lint.py", "import os, rules as r", "tools/rules.py"],
    ["tools/lint.py", "from tools.rules import all_of", "tools/rules.py"],
    ["tools/lint.py", "from . import (\n    rules,\n    more,\n)", "tools/more.py"],
    ["tools/lint.py", "from . import (  # see (above)\n    rules,\n)", "tools/rules.py"],
    ["tools/ci/lint.py", "from ..rules import x", "tools/rules/__init__.py"],
    ["tools/lint.py", "def main():\n    from rules import x", "tools/rules.py"],
    ["lint.sh", "source ./lib.sh", "lib.sh"],
    ["ci/lint.sh", 'set -e\n. "$(dirname "$0")/lib.sh"', "ci/lib.sh"],
    ["ci/lint.sh", 'source "${BASH_SOURCE%/*}/lib.sh"; run', "ci/lib.sh"],
    ["ci/lint.sh", "source ci/lib.sh", "ci/lib.sh"],
    ["ci/lint.sh", "[ -f x ] && . ./lib.sh", "ci/lib.sh"],
    ["check", "#!/bin/bash\nsource scripts/env.sh", "scripts/env.sh"],
  ])("%s loads what it names: %s", (path, text, file) => {
    expect(loads(path, text, file)).toBe(true);
  });

  it.each([
    ["scripts/lint.ts", 'import { parse } from "../src/parse.ts";', "src/parse.ts"],
    ["scripts/lint.ts", '// import "./rules.ts";', "scripts/rules.ts"],
    ["scripts/lint.ts", 'import { rules } from "rules";', "scripts/rules.ts"],
    ["src/tools/lint.ts", 'import "./rules.ts";', "src/tools/rules.ts"],
    ["packages/a/scripts/lint.ts", 'import "../src/tools/a.ts";', "packages/a/src/tools/a.ts"],
    ["scripts/lint.ts", 'import "./lint.test.ts";', "scripts/lint.test.ts"],
    ["check.mjs", 'import "./calc.mjs";', "calc.mjs"],
    ["tools/lint.py", "# import rules", "tools/rules.py"],
    ["tools/lint.py", "from ledger import money", "ledger/money.py"],
    ["ci/lint.sh", "# source lib.sh", "ci/lib.sh"],
    ["tools/data.yaml", "import: rules", "tools/rules.py"],
  ])("%s leaves the product to the product: %s", (path, text, file) => {
    expect(loads(path, text, file)).toBe(false);
  });
});
