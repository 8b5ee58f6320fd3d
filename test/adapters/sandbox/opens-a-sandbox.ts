/** Opens a sandbox as a supervisor would, runs a shell in it, and prints the level with what the shell found. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGroup } from "../../../src/adapters/process/process-group.ts";
import { openSandbox } from "../../../src/adapters/sandbox/ladder.ts";
import { messageOf, RalphError } from "../../../src/errors.ts";

const mode = process.argv[2] === "required" ? "required" : "auto";
const folder = mkdtempSync("/tmp/ralph-level-");
const canary = join(folder, "canary");
writeFileSync(canary, "seen");
const tell = (text: string): void => void process.stdout.write(`${text}\n`);
try {
  const sandbox = openSandbox({
    config: { mode, egress: [], read: [], write: [] },
    limits: { memoryBytes: null, processesMax: 100, fileBytesMax: 2 ** 20 },
    mark: "level",
    folder,
    hidden: [],
    objects: [],
    gitConfig: "",
    egress: () => null,
    gatewayFor: () => null,
  });
  const group = startGroup({
    command:
      'cat "$1" 2>/dev/null; (echo x >/usr/x) 2>/dev/null && echo wrote; grep CapEff /proc/self/status; ls /proc | grep -c "^[0-9]"; ls /sys/class/net 2>/dev/null; grep -c : /proc/net/dev; head -c 2000000 /dev/zero >/tmp/large; stat -c %s /tmp/large'.replace(
        "$1",
        canary,
      ),
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "" },
    enclose: sandbox.confine(join(folder, "own"), { writable: [], readable: [], profile: "gates" }),
    input: "",
    logFile: "/dev/null",
    wallMsMax: 20_000,
    idleMsMax: null,
    signal: new AbortController().signal,
  });
  await group.exit;
  tell(`${sandbox.level.name} (${sandbox.level.lacks})`);
  tell(sandbox.facts.warnings.join("\n"));
  tell(group.output().trim());
} catch (error) {
  tell(`${error instanceof RalphError ? error.code : "defect"}: ${messageOf(error)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
