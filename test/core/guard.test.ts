import { describe, expect, it } from "vitest";
import { guardReason, scriptsReason, type TouchedPath } from "../../src/core/guard.ts";

const rules = { isProtected: (path: string) => path === "gates.yaml", isAllowed: () => false };
const touched = (change: Partial<TouchedPath>): readonly TouchedPath[] => [
  { path: "src/a.ts", mode: "100644", linksTo: null, ...change },
];
const link = (path: string, linksTo: string) => touched({ path, mode: "120000", linksTo });

describe("The guard", () => {
  it("lets ordinary changes, additions and removals through", () => {
    expect(guardReason(touched({}), rules)).toBeNull();
    expect(guardReason(touched({ mode: null }), rules)).toBeNull();
  });

  it("refuses a protected path, changed or removed, unless the task allows it", () => {
    const reason = `gates.yaml is protected; put it back, or the task must allow it (allow: ["gates.yaml"])`;
    expect(guardReason(touched({ path: "gates.yaml" }), rules)).toBe(reason);
    expect(guardReason(touched({ path: "gates.yaml", mode: null }), rules)).toBe(reason);
    expect(guardReason(touched({ path: "gates.yaml" }), { ...rules, isAllowed: () => true })).toBeNull();
  });

  it("refuses a repository of its own, whatever the task allows", () => {
    const all = { ...rules, isAllowed: () => true };
    expect(guardReason(touched({ path: "vendor/x", mode: "160000" }), all)).toContain(
      "a git repository of its own",
    );
  });

  it("refuses links that lead out of the repository, and lets those inside be", () => {
    for (const target of ["/etc/passwd", "../../x", "b/../../../x"]) {
      expect(guardReason(link("src/link", target), rules)).toContain("a symbolic link out of the repository");
    }
    for (const target of ["../x", "b/../c", "./a", "../src/../x"]) {
      expect(guardReason(link("src/link", target), rules)).toBeNull();
    }
  });
});

describe("The scripts of a package.json", () => {
  const manifest = (value: object): string => JSON.stringify({ name: "x", ...value });
  const before = manifest({ scripts: { test: "vitest run" } });
  const reason = (after: string): string | null => scriptsReason("package.json", before, after);

  it("may stay while dependencies come and go", () => {
    expect(reason(manifest({ scripts: { test: "vitest run" }, dependencies: { a: "1" } }))).toBeNull();
  });

  it("may be neither changed, nor added to, nor removed: they are what gates run", () => {
    const told = (names: string): string =>
      `package.json changes the scripts ${names}; put them back, or the task must allow it (allow: ["package.json"])`;
    expect(reason(manifest({ scripts: { test: "true" } }))).toBe(told("test"));
    expect(reason(manifest({ scripts: { test: "vitest run", pretest: "true" } }))).toBe(told("pretest"));
    expect(reason(manifest({}))).toBe(told("test"));
  });

  it("are not taken for unchanged where they cannot be read", () => {
    for (const broken of ["{", "[]x", '"text"', '{"scripts":1}']) {
      expect(reason(broken)).toBe("package.json cannot be read as JSON, so its scripts cannot be compared");
    }
  });
});
