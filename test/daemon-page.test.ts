/** The units and the property list of docs/daemon.md are taken out of the page and checked. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { describe, expect, it } from "vitest";
import { makeFolder } from "./support/repository.ts";

const page = readFileSync(new URL("../docs/daemon.md", import.meta.url), "utf8");
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text = ""]) => text,
  );

const units = blocks("ini");
const graceMinutes = 10;

const valueOf = (unit: string, key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";

describe("the units for systemd", () => {
  it("are one for a user and one for the machine", () => {
    expect(units.map((unit) => unit.split("\n")[0])).toEqual([
      "# ralphwright.service, user",
      "# ralphwright.service, system",
    ]);
  });

  it.each(units)(
    "is not started again where that mends nothing, and has longer to stop than the grace: %#",
    (unit) => {
      expect(valueOf(unit, "RestartPreventExitStatus")).toBe("2 3 6");
      expect(valueOf(unit, "SuccessExitStatus")).toBe("130 143");
      expect(valueOf(unit, "ExecStart")).toContain(`daemon --log json --grace ${graceMinutes}m`);
      expect(Number.parseInt(valueOf(unit, "TimeoutStopSec"), 10)).toBeGreaterThan(graceMinutes);
    },
  );

  // Where there is no systemd, nobody can say.
  it.skipIf(spawnSync("systemd-analyze", ["--version"]).status !== 0).each(units)(
    "is accepted by systemd: %#",
    (unit) => {
      const folder = makeFolder("unit");
      const program = join(folder, "ralphwright");
      writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
      const file = join(folder, "ralphwright.service");
      mkdirSync(join(folder, "runtime"));
      writeFileSync(file, unit.replace("/usr/bin/env ralphwright", program));
      const manner = unit.includes("default.target") ? "--user" : "--system";
      const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: join(folder, "runtime") };
      const { stderr, stdout } = spawnSync("systemd-analyze", [manner, "verify", "--man=no", file], {
        encoding: "utf8",
        env,
      });
      const about = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("ralphwright.service"));
      expect(about).toEqual([]);
      rmSync(folder, { recursive: true });
    },
  );
});

it("has a property list for launchd that is one: keys and values take turns, of the types that launchd knows", () => {
  const [text = ""] = blocks("xml");
  const plist = parseXml(text).root;
  expect(plist?.name).toBe("plist");
  const dictionaries = [...elementsBelow(plist)].filter(({ name }) => name === "dict");
  expect(dictionaries).toHaveLength(2);
  for (const { children } of dictionaries) {
    const names = children.flatMap((child) => (child instanceof XmlElement ? [child.name] : []));
    expect(names.filter((_, at) => at % 2 === 0).every((name) => name === "key")).toBe(true);
    const values = names.filter((_, at) => at % 2 === 1);
    expect(values).toHaveLength(names.length / 2);
    expect(
      values.every((name) => ["string", "array", "dict", "true", "false", "integer"].includes(name)),
    ).toBe(true);
  }
  expect(text).toContain(`<key>ExitTimeOut</key>\n  <integer>${graceMinutes * 60 + 60}</integer>`);
});

function* elementsBelow(element: XmlElement | null): Generator<XmlElement> {
  if (element === null) return;
  yield element;
  for (const child of element.children) if (child instanceof XmlElement) yield* elementsBelow(child);
}
