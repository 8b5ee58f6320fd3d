/** What `doctor` says of a machine and a configuration that a run would trip over, and what it keeps quiet about. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { takeLease } from "../../src/adapters/state/lease-file.ts";
import { mainProgram } from "../support/program.ts";
import { gitEnvironment } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

interface Result {
  readonly status: number | null;
  /** On one line. */
  readonly said: string;
}

interface Setting {
  readonly changed?: Readonly<Record<string, string | undefined>>;
  /** Done first, in a name space in which it may mount. */
  readonly mounting?: string;
}

const doctor = (world: World, changed: Setting["changed"] = {}): Result => doctorIn(world, { changed });

function doctorIn(world: World, { changed = {}, mounting }: Setting): Result {
  const own = { RALPH_STATE_DIR: world.state, NO_COLOR: "1", TZ: "UTC" };
  const words = [process.execPath, mainProgram, "doctor"];
  const mounted = [
    "unshare",
    "-Urm",
    "bash",
    "--norc",
    "-c",
    `${mounting ?? ""}; exec "$@"`,
    "bash",
    ...words,
  ];
  const [program = "", ...args] = mounting === undefined ? words : mounted;
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: world.repository.path,
    env: { ...process.env, ...gitEnvironment, ...own, ...changed },
    encoding: "utf8",
  });
  return { status, said: world.plain(`${stdout}${stderr}`).replaceAll(/\s+/g, " ") };
}

/** A PATH on which an agent of others seems to be installed. */
function pathWith(world: World, name: string): string {
  const folder = join(world.state, "programs", "bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), "#!/bin/sh\n");
  chmodSync(join(folder, name), 0o755);
  return `${folder}:${process.env["PATH"] ?? ""}`;
}

const codex = { kind: "command", command: "codex exec -" };

it("warns of an agent that cannot reach its model, and whose login is not in the sandbox", async () => {
  await using world = await createWorld({
    config: { agent: codex, sandbox: { egress: ["registry.npmjs.org"] } },
  });
  const { said, status } = doctor(world, { PATH: pathWith(world, "codex"), CODEX_API_KEY: undefined });
  expect(said).toContain(
    "! login in the sandbox codex does not find a login in ~/.codex: set CODEX_API_KEY (`codex exec` does not read OPENAI_API_KEY), name it under agent.env; or sandbox: { write: [~/.codex] }, with chatgpt.com and auth.openai.com under sandbox.egress",
  );
  expect(said).toContain(
    "! egress codex asks its model at api.openai.com or chatgpt.com as a rule, and sandbox.egress names none of them: add the host that it asks",
  );
  expect(status).toBe(0);
});

it("is content with an agent whose host and key are let through", async () => {
  const sandbox = { egress: ["*.openai.com"] };
  await using world = await createWorld({ config: { agent: { ...codex, env: ["CODEX_API_KEY"] }, sandbox } });
  const { said } = doctor(world, { PATH: pathWith(world, "codex"), CODEX_API_KEY: "key" });
  expect(said).toContain("✔ key CODEX_API_KEY is set and let through");
  expect(said).not.toMatch(/! (login|egress)/);
});

it("asks for a login where it is shared, or where there is no sandbox, and knows of no way out there", async () => {
  await using world = await createWorld({ config: { agent: codex, sandbox: { write: ["~/.codex"] } } });
  const environment = { PATH: pathWith(world, "codex"), CODEX_API_KEY: undefined };
  expect(doctor(world, environment).said).toContain(
    "! key none of CODEX_API_KEY is set: codex must be logged in",
  );
  const { said } = doctor(world, { ...environment, RALPH_SANDBOX: "off" });
  expect(said).toContain("codex must be logged in");
  expect(said).not.toContain("! egress");
});

it("names what Claude Code needs in the sandbox", async () => {
  await using world = await createWorld({ config: { agent: { kind: "claude" } } });
  const names = ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"];
  const unset = Object.fromEntries(names.map((name) => [name, undefined]));
  const PATH = pathWith(world, "claude");
  expect(doctor(world, { ...unset, PATH }).said).toContain(
    "! login in the sandbox claude does not find a login in ~/.claude: set CLAUDE_CODE_OAUTH_TOKEN (`claude setup-token` prints one), ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN; or sandbox: { write: [~/.claude, ~/.claude.json] }",
  );
  const { said } = doctor(world, { ...unset, PATH, CLAUDE_CODE_OAUTH_TOKEN: "token" });
  expect(said).toContain("✔ key CLAUDE_CODE_OAUTH_TOKEN is set and let through");
  expect(said).not.toMatch(/! (login|egress)/);
});

it("notes of a command of one's own that it reaches no host, and lets a run begin", async () => {
  await using world = await createWorld();
  const { said, status } = doctor(world);
  expect(said).toMatch(
    /! egress sandbox\.egress is empty, so the agent \(\S+\) reaches no host: name that of its model there, unless it needs none/,
  );
  expect(said).toContain("A run can begin");
  expect(status).toBe(0);
});

describe("a lease", () => {
  const since = "2026-11-21T00:00:00.000Z";

  it("is named with its holder, and a run waits for it", async () => {
    await using world = await createWorld();
    using lease = takeLease(join(world.state, "lease.json"), since);
    void lease;
    const { said, status } = doctor(world);
    expect(said).toContain(
      "! lease another supervisor works on this repository: pid <pid> on <host>, since <time>.",
    );
    expect(said).toContain("A run can begin once the supervisor that holds the lease has ended.");
    expect(status).toBe(0);
  });

  it("of another machine is told as one, with what to do", async () => {
    await using world = await createWorld();
    const holder = { pid: 77, bootId: "another", startTime: "1", host: "elsewhere", since };
    writeFileSync(join(world.state, "lease.json"), JSON.stringify(holder));
    const { said } = doctor(world);
    expect(said).toContain(
      "! lease a supervisor on another machine holds this state directory: pid 77 on elsewhere, since <time>",
    );
    expect(said).toContain("If nothing runs there any more: rm <state>/lease.json");
    expect(said).toContain("A run can begin once the supervisor");
  });
});

describe("What cannot be written", () => {
  it("is a repository of somebody else: it is said so, and nothing is put down to the gates", async () => {
    await using world = await createWorld();
    const mounting = "mount --bind .git .git && mount -o remount,bind,ro .git";
    const { said, status } = doctorIn(world, { mounting });
    expect(said).toMatch(
      /✘ project the repository cannot be written: EROFS: .* Work as the user that it belongs to/,
    );
    expect(said).toContain("✔ sandbox");
    expect(said).toContain("✘ gates not tried: the repository cannot be written");
    expect(said).not.toContain("gates changed files");
    expect(status).toBe(2);
  });

  it("is a full disk: it is said once", async () => {
    await using world = await createWorld();
    const fill = 'head -c 3m /dev/zero >"$RALPH_STATE_DIR/filler" 2>/dev/null';
    const mounting = `mount -t tmpfs -o size=2m,mode=700 none "$RALPH_STATE_DIR"; ${fill}`;
    const { said, status } = doctorIn(world, { mounting });
    expect(said).toMatch(/✘ state only 0 MiB are free at <state>/);
    expect(said).toContain("✘ gates not tried: the disk is full");
    expect(said).not.toContain("ENOSPC");
    expect(status).toBe(2);
  });
});
