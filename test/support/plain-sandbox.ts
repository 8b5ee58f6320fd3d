/** A sandbox without a project: no way out, and nothing to hide. */
import { join } from "node:path";
import type { Sandbox } from "../../src/adapters/sandbox/containment.ts";
import { openSandbox, type SandboxOptions } from "../../src/adapters/sandbox/ladder.ts";

/** `folder`: for what the sandbox itself needs. */
export const openPlainSandbox = (folder: string, changed: Partial<SandboxOptions> = {}): Sandbox =>
  openSandbox({
    config: { mode: "auto", egress: [], read: [], write: [] },
    limits: { memoryBytes: null, processesMax: 1_024, fileBytesMax: 2 ** 32 },
    mark: `test${process.pid}`,
    folder: join(folder, "sandbox"),
    hidden: [],
    objects: [],
    gitConfig: "",
    egress: () => null,
    gatewayFor: () => null,
    ...changed,
  });
