/** `bin/ralphwright.mjs`, copied into a package of its own with a program that tells how it was started. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "../support/repository.ts";

const top = join(import.meta.dirname, "..", "..");
const starter = join("bin", "ralphwright.mjs");

/** Node itself, with an old version in its mouth; what it starts is as new as ever. */
const oldNode = [
  "--import",
  "data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })",
];

/** `parts`: which of the folders that a checkout or a package has are there. */
function layOut(parts: readonly ("src" | "dist" | "node")[], program = "telling"): string {
  const folder = makeFolder("starter");
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  put("package.json", '{ "type": "module" }\n');
  cpSync(join(top, starter), join(folder, starter));
  if (parts.includes("src")) put("src/cli/main.ts", programs[program]?.("src") ?? "");
  if (parts.includes("dist")) put("dist/cli/main.js", programs[program]?.("dist") ?? "");
  if (parts.includes("node")) {
    mkdirSync(join(folder, "node_modules", "node", "bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, "node_modules", "node", "bin", "node"));
  }
  return folder;
}

const programs: Readonly<Record<string, (from: string) => string>> = {
  telling: (from) =>
    `console.log("${from}", process.version === "v" + process.versions.node, ...process.argv.slice(2));\nprocess.exitCode = 5;\n`,
  lacking: () => `import "a-package-that-is-not-there";\n`,
  broken: () => `throw new Error("a defect");\n`,
  killed: () => `process.kill(process.pid, "SIGKILL");\n`,
  waiting: () =>
    `process.on("SIGTERM", () => process.exit(143));\nsetInterval(() => {}, 1000);\nconsole.log("ready");\n`,
};

function call(
  folder: string,
  node: readonly string[],
  ...args: readonly string[]
): ReturnType<typeof spawnText> {
  return spawnText([...node, join(folder, starter), ...args]);
}

const spawnText = (
  args: readonly string[],
): { status: number | null; signal: string | null; output: string } => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, signal, output: stdout + stderr };
};

describe("the command `ralphwright`", () => {
  it("is the file that package.json names, and may be executed", () => {
    const manifest: unknown = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
    expect(manifest).toMatchObject({ bin: { ralphwright: `./${starter}` } });
    expect(manifest).toMatchObject({ files: expect.arrayContaining(["bin", "dist", "docs/schema"]) });
    expect(() => accessSync(join(top, starter), constants.X_OK)).not.toThrow();
  });

  it("is the real program in this checkout", () => {
    expect(call(top, [], "--version")).toMatchObject({
      status: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it("runs the sources where there are any, and what is compiled in a package, which has no sources", () => {
    expect(call(layOut(["src", "dist"]), [], "a b")).toEqual({
      status: 5,
      signal: null,
      output: "src true a b\n",
    });
    expect(call(layOut(["dist"]), [])).toEqual({ status: 5, signal: null, output: "dist true\n" });
  });

  it("hands an old Node's call to the Node that npm installed, with its arguments and its status", () => {
    expect(call(layOut(["src", "node"]), oldNode, "a b", "--c")).toEqual({
      status: 5,
      signal: null,
      output: "src true a b --c\n",
    });
  });

  it("ends by the signal that ended the program", () => {
    expect(call(layOut(["src", "node"], "killed"), oldNode)).toMatchObject({ signal: "SIGKILL" });
  });

  it("leaves SIGINT to the program, passes SIGTERM on, and waits for what the program makes of it", async () => {
    const folder = layOut(["src", "node"], "waiting");
    const child = spawn(process.execPath, [...oldNode, join(folder, starter)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([143, null]);
  });

  it("says in one sentence that Node is too old where there is no other one, with status 2", () => {
    expect(call(layOut(["src"]), oldNode)).toMatchObject({
      status: 2,
      output: expect.stringMatching(
        /^ralphwright needs Node 24 or newer, and this is v\S+\. Run `npm ci` in \/\S+, which brings one\.\n$/,
      ),
    });
    expect(call(layOut(["dist"]), oldNode).output).toMatch(
      /^ralphwright needs Node 24 or newer, and this is v\S+\.\n$/,
    );
  });

  it("says what to do where the packages of a checkout are not installed, and hides no defect", () => {
    const folder = layOut(["src"], "lacking");
    expect(call(folder, [])).toEqual({
      status: 2,
      signal: null,
      output: `ralphwright: the packages of this checkout are not installed. Run \`npm ci\` in ${folder}.\n`,
    });
    expect(call(layOut(["src"], "broken"), []).output).toContain("Error: a defect");
  });

  it("says so, too, when the Node that npm installed cannot be started", () => {
    const folder = layOut(["src"]);
    const node = join(folder, "node_modules", "node", "bin", "node");
    mkdirSync(dirname(node), { recursive: true });
    writeFileSync(node, "");
    chmodSync(node, 0o600);
    const { status, output } = call(folder, oldNode);
    expect(status).toBe(2);
    expect(output).toContain("cannot be started");
  });
});
