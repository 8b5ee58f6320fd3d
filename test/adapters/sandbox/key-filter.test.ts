/** The filter that keeps the kernel's keys, asked as the kernel asks it, and what it is in a real sandbox. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startGroup } from "../../../src/adapters/process/process-group.ts";
import { keyFilter } from "../../../src/adapters/sandbox/key-filter.ts";
import { openPlainSandbox } from "../../support/plain-sandbox.ts";
import { makeFolder } from "../../support/repository.ts";

const arches = { x64: 0xc000003e, i386: 0x40000003, arm64: 0xc00000b7, arm: 0x40000028, s390x: 0x80000016 };
const allowed = 0x7fff0000;
const refused = 0x00050001;

/** Runs classic BPF over `struct seccomp_data`: the four bytes of the number, then those of the architecture. */
function decide(processor: NodeJS.Architecture, arch: number, number: number): number {
  const program = keyFilter(processor) ?? Buffer.alloc(0);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = program.readUInt16LE(at);
    const operand = program.readUInt32LE(at + 4);
    const jump = (isSo: boolean): number => 8 * program.readUInt8(at + (isSo ? 2 : 3));
    if (code === 0x06) return operand;
    if (code === 0x20) accumulator = operand === 4 ? arch : number;
    else if (code === 0x54) accumulator = (accumulator & operand) >>> 0;
    else if (code === 0x14) accumulator = (accumulator - operand) >>> 0;
    else if (code === 0x15) at += jump(accumulator === operand);
    else if (code === 0x35) at += jump(accumulator >= operand);
    else throw new Error(`code ${code}`);
  }
  throw new Error("it ends without an answer");
}

describe("the filter", () => {
  it.each([
    ["x64", arches.x64, 248],
    ["x64", arches.i386, 286],
    ["arm64", arches.arm64, 217],
    ["arm64", arches.arm, 309],
  ] as const)("of %s refuses three calls of the architecture %d, from %d on", (processor, arch, first) => {
    const calls = Array.from({ length: 600 }, (_, number) => number);
    const denied = calls.filter((number) => decide(processor, arch, number) !== allowed);
    expect(denied).toEqual([first, first + 1, first + 2]);
    expect(denied.map((number) => decide(processor, arch, number))).toEqual([refused, refused, refused]);
  });

  it("knows the calls of x32, which have a bit more", () => {
    expect(decide("x64", arches.x64, 0x40000000 + 250)).toBe(refused);
    expect(decide("x64", arches.x64, 0x40000000 + 1)).toBe(allowed);
  });

  it("refuses every call of an architecture that it does not know", () => {
    expect(decide("x64", arches.s390x, 1)).toBe(refused);
  });

  it("is none where the numbers are not known", () => {
    expect(keyFilter("s390x")).toBeNull();
  });
});

describe("in the sandbox", () => {
  const folder = makeFolder("keys");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("the keyring of whoever started us is out of reach, and other calls are not", async () => {
    const [keyctl, getpid] = process.arch === "arm64" ? [219, 172] : [250, 39];
    const findKeyring = `perl -e 'print syscall(${keyctl}, 0, -3, 0) > 0 ? "found" : "none", " ", syscall(${getpid}) > 0'`;
    // The machine has one to find.
    expect(spawnSync("sh", ["-c", findKeyring], { encoding: "utf8" }).stdout).toBe("found 1");
    const confinement = { writable: [], readable: [], profile: "gates" } as const;
    const group = startGroup({
      command: findKeyring,
      cwd: "/",
      enclose: openPlainSandbox(folder).confine(join(folder, "own"), confinement),
      env: { PATH: process.env["PATH"] ?? "" },
      input: "",
      logFile: "/dev/null",
      wallMsMax: 60_000,
      idleMsMax: null,
      signal: new AbortController().signal,
    });
    await group.exit;
    expect(group.output().trim()).toBe("none 1");
  });
});
