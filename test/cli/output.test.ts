/** Where results cannot be written, or nobody reads them: said in one sentence, or not at all. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mainProgram } from "../support/program.ts";
import { createRepository, gitEnvironment, makeFolder, type TestRepository } from "../support/repository.ts";
import { mountSmallDisk, smallDiskMissing } from "../support/small-disk.ts";
import { taskText } from "../support/world.ts";

const state = join(makeFolder("output"), "state");
const longBody = "It is a long story.\n".repeat(20_000);
let repository: TestRepository;

beforeAll(() => {
  repository = createRepository({
    "ralph.config.yaml": 'agent: { command: "true" }\ngates: [{ name: t, run: "true" }]\n',
    "tasks/one.md": `${taskText("one")}\n${longBody}`,
  });
});

afterAll(() => {
  repository[Symbol.dispose]();
  rmSync(join(state, ".."), { recursive: true, force: true });
});

const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: state };

function callInto(file: string, ...args: readonly string[]): { status: number | null; stderr: string } {
  const output = openSync(file, "w");
  try {
    return spawnSync(process.execPath, [mainProgram, ...args], {
      cwd: repository.path,
      env,
      encoding: "utf8",
      stdio: ["ignore", output, "pipe"],
    });
  } finally {
    closeSync(output);
  }
}

const full = {
  status: 2,
  stderr: expect.stringMatching(/^ralphwright: standard output cannot be written: ENOSPC: .*\n$/),
};

it.skipIf(!existsSync("/dev/full")).each([["log"], ["status"], ["status --json"], ["--help"]])(
  "%s fails with one sentence where nothing can be written",
  (command) => {
    expect(callInto("/dev/full", ...command.split(" "))).toMatchObject(full);
  },
);

it.skipIf(smallDiskMissing() !== null)("fails where a full disk takes a part of it alone", () => {
  using disk = mountSmallDisk(8);
  disk?.fill(16 * 1024);
  expect(callInto(join(disk?.path ?? "", "tasks.json"), "task", "list", "--json")).toMatchObject(full);
});

it("says nothing where the reader has seen enough", async () => {
  const args = [mainProgram, "task", "list", "--json"];
  const child = spawn(process.execPath, args, {
    cwd: repository.path,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.once("data", () => child.stdout.destroy());
  const status = await new Promise((resolve) => {
    child.once("close", resolve);
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
