import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { whereToLook } from "../../src/cli/demo.ts";
import { createRepository, makeFolder } from "../support/repository.ts";

it("the demo's last lines can be copied into a shell, whatever the folder is called", () => {
  using project = createRepository();
  const folder = join(makeFolder("demo"), "it's mine");
  mkdirSync(folder, { recursive: true });
  const commands = whereToLook(project.path, folder)
    .split("\n")
    .filter(
      (line) => /^ {2}(cd|RALPH_STATE_DIR=| {2}node|rm) /.test(line) || line.includes("RALPH_STATE_DIR="),
    );
  expect(commands).toHaveLength(4);
  const { status, stderr } = spawnSync("bash", ["-c", commands.join("\n")], {
    env: { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}` },
    encoding: "utf8",
  });
  // There was no night, so `show` asks for a configuration; but it is the real command that says so.
  expect(stderr).toBe(
    "ralphwright: there is no ralph.config.yaml here\n  Run `ralphwright init`: it looks at the project and writes one.\n",
  );
  expect(status).toBe(0);
  expect(spawnSync("ls", [folder]).status).not.toBe(0);
  rmSync(join(folder, ".."), { recursive: true });
});

it("the demo calls nothing that only a published package has", () => {
  expect(whereToLook("/p", "/f")).not.toContain("npx");
});
