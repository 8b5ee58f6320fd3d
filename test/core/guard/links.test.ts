import { describe, expect, it } from "vitest";
import { escapingLink } from "../../../src/core/guard/links.ts";

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
