import { describe, expect, it } from "vitest";
import { escapingLink, guardReason, manifestReason, type TouchedPath } from "../../src/core/guard.ts";

const rules = { isProtected: (path: string) => path === "gates.yaml", isAllowed: () => false };
const touched = (change: Partial<TouchedPath>): readonly TouchedPath[] => [
  { path: "src/a.ts", mode: "100644", ...change },
];

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
});

describe("Symbolic links", () => {
  const told = (links: Readonly<Record<string, string>>, before = {}): string | null =>
    escapingLink(new Map(Object.entries(links)), new Map(Object.entries(before)));

  it("may point anywhere inside the repository", () => {
    for (const target of ["../x", "b/../c", "./a", "../src/../x"])
      expect(told({ "src/link": target })).toBeNull();
  });

  it("may not lead out of it, into .git, or round in circles", () => {
    for (const target of [
      "/etc/passwd",
      "../../x",
      "b/../../../x",
      "../.git/config",
      "../.GIT/config",
      "link",
    ]) {
      expect(told({ "src/link": target })).toBe(
        `src/link is a symbolic link out of the repository (to ${target})`,
      );
    }
  });

  it("may not lead out through another link, which counts by where it is and not by how it is written", () => {
    const up = { "deep/1/2/3/up": "../../../.." };
    expect(told(up)).toBeNull();
    expect(told({ ...up, "src/a": "../deep/1/2/3/up/../x" })).toBe(
      "src/a is a symbolic link out of the repository (to ../deep/1/2/3/up/../x)",
    );
  });

  it("that led out before are the people's own, unless they are changed", () => {
    expect(told({ tools: "/opt/tools" }, { tools: "/opt/tools" })).toBeNull();
    expect(told({ tools: "/opt/other" }, { tools: "/opt/tools" })).toContain("tools is a symbolic link");
  });
});

describe("A changed package.json", () => {
  const manifest = (value: object): string => JSON.stringify({ name: "x", ...value });
  const before = manifest({ scripts: { test: "vitest run" } });
  const reason = (after: string): string | null => manifestReason("package.json", before, after);

  it("may stay while dependencies come and go", () => {
    expect(reason(manifest({ scripts: { test: "vitest run" }, dependencies: { a: "1" } }))).toBeNull();
  });

  it("may change neither its scripts nor what configures a tool: gates run from them", () => {
    const told = (keys: string): string =>
      `package.json changes ${keys}, which gates may run from; put it back, or the task must allow it (allow: ["package.json"])`;
    expect(reason(manifest({ scripts: { test: "true" } }))).toBe(told('"scripts"'));
    expect(reason(manifest({ scripts: { test: "vitest run", pretest: "true" } }))).toBe(told('"scripts"'));
    expect(reason(manifest({}))).toBe(told('"scripts"'));
    const configured = manifest({ scripts: { test: "vitest run" }, eslintConfig: {}, jest: {} });
    expect(reason(configured)).toBe(told('"eslintConfig", "jest"'));
  });

  it("is not taken for unchanged where it cannot be read", () => {
    for (const broken of ["{", "[]", '"text"']) {
      expect(reason(broken)).toBe("package.json cannot be read as a JSON object, so it cannot be compared");
    }
  });
});
