/** The tools `bash` and `job` with real commands: results, directories, prompts, time-outs, what runs on, and its end. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createShellTools } from "../../../src/agent/tools/shell.ts";
import type { ToolResult } from "../../../src/agent/tools/tool.ts";
import { createRedactor } from "../../../src/formats/redact.ts";
import { gitEnvironment, hasMemory } from "../../support/repository.ts";

const secret = "sk-canary/1234 5678+9";
const never = new AbortController().signal;

interface Result extends ToolResult {
  readonly content: string;
  readonly first: string;
  /** All after the first line. */
  readonly rest: string;
}

interface World {
  readonly top: string;
  readonly outputs: string;
  readonly bash: (command: string, more?: object, signal?: AbortSignal) => Promise<Result>;
  readonly tend: (id: number, action: string, timeoutS?: number, signal?: AbortSignal) => Promise<Result>;
  readonly close: () => Promise<void>;
}

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) {
    await world.close();
    rmSync(join(world.top, ".."), { recursive: true, force: true });
  }
});

function open(env: Readonly<Record<string, string>> = {}): World {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ralph-shell-")));
  const [top, outputs] = [join(folder, "work"), join(folder, "outputs")];
  mkdirSync(top);
  const { tools, close } = createShellTools({
    top,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...gitEnvironment, ...env },
    outputFolder: outputs,
    redactor: createRedactor({ API_KEY: secret }),
  });
  const run = async (name: string, input: object, signal: AbortSignal): Promise<Result> => {
    const tool = tools.find((each) => each.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    const result = await tool.run(tool.input.parse(input), signal);
    const content = typeof result.content === "string" ? result.content : "no text";
    const end = content.indexOf("\n");
    return { ...result, content, first: content.slice(0, end), rest: content.slice(end + 1) };
  };
  const world: World = {
    top,
    outputs,
    bash: (command, more = {}, signal = never) => run("bash", { command, ...more }, signal),
    tend: (id, action, timeoutS, signal = never) =>
      run("job", { id, action, ...(timeoutS === undefined ? {} : { timeout_s: timeoutS }) }, signal),
    close,
  };
  worlds.push(world);
  return world;
}

/** Waits for what a command does on its own. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

async function pidIn(world: World, file: string): Promise<number> {
  const path = join(world.top, file);
  await until(() => existsSync(path) && readFileSync(path, "utf8").endsWith("\n"));
  return Number(readFileSync(path, "utf8"));
}

const hours = "exec sleep 36000";

describe("The tools", () => {
  it("cost the model at most 1,500 characters", () => {
    const { tools } = createShellTools({
      top: "/",
      env: {},
      outputFolder: "/",
      redactor: createRedactor({}),
    });
    const words = tools.map(({ name, description, input }) => {
      const { $schema: _dialect, ...schema } = z.toJSONSchema(input);
      return JSON.stringify({ name, description, input_schema: schema });
    });
    expect(words.join("").length).toBeLessThanOrEqual(1_500);
    expect(tools.map(({ name, isParallel }) => [name, isParallel])).toEqual([
      ["bash", false],
      ["job", false],
    ]);
  });
});

describe("The result of a command", () => {
  it("begins with its exit code and its time, and a failure is no error", async () => {
    const { bash } = open();
    for (const [command, code] of [
      ["echo hello", 0],
      ["echo hello; exit 7", 7],
      ["echo hello; set -e; false; echo no", 1],
    ] as const) {
      const { first, rest, isError, facts } = await bash(command);
      expect(first).toMatch(new RegExp(`^exit ${code} · \\d+\\.\\d s$`));
      expect({ rest, isError, facts }).toEqual({
        rest: "hello",
        isError: false,
        facts: { exit: code, charsTotal: 6 },
      });
    }
    expect(await bash("no-such-program")).toMatchObject({
      first: expect.stringMatching(/^exit 127 · /),
      rest: "bash: line 1: no-such-program: command not found",
    });
  });

  it("names the signal that ended it, and has no exit code then", async () => {
    const { bash } = open();
    const result = await bash("echo last words; kill -KILL $$");
    expect(result.first).toMatch(/^ended by SIGKILL · \d+\.\d s$/);
    expect(result).toMatchObject({ rest: "last words", isError: false, facts: { exit: null } });
  });

  it("says that there was no output", async () => {
    expect(await open().bash("true")).toMatchObject({ rest: "(no output)", facts: { charsTotal: 0 } });
  });

  it("has both streams in the order of writing, also through /dev/stderr", async () => {
    const { bash } = open();
    const command = `for i in 1 2 3; do echo out $i; echo err $i >&2; echo dev $i >/dev/stderr; echo tee $i | tee /dev/stderr; done`;
    const expected = [1, 2, 3].flatMap((i) => [`out ${i}`, `err ${i}`, `dev ${i}`, `tee ${i}`, `tee ${i}`]);
    expect((await bash(command)).rest).toBe(expected.join("\n"));
  });

  it("is what a plain bash gives, whatever the command does to its shell", async () => {
    const { bash } = open();
    const commands: Readonly<Record<string, unknown>> = {
      "trap 'echo bye' EXIT; echo hi": "hi\nbye",
      "trap 'echo bye >&2' EXIT; exit 3": "bye",
      "cat <<EOF\na $((1 + 1))\nEOF\necho b": "a 2\nb",
      "cat <<'EOF'\n$x": expect.stringMatching(/^bash: .*here-document.*\n\$x$/),
      "echo before\nif then": expect.stringMatching(/^before\n.*syntax error/),
      "echo 'never closed": expect.stringMatching(/unexpected EOF/),
      "set -x; true": expect.stringMatching(/^\++ true$/),
      "set -u; echo $#; echo $1": expect.stringMatching(/^0\n.*\$1: unbound variable$/),
      "exec echo replaced": "replaced",
      "exec 2>/dev/null; no-such-program": "(no output)",
      "exec 3>three; echo x >&3; cat three": "x",
      "-x": expect.stringMatching(/-x: command not found$/),
      "# nothing at all": "(no output)",
      "(exit 4)": "(no output)",
      "set -e; (exit 5); echo no": "(no output)",
      "set -o posix; exit 6": "(no output)",
      "false | true": "(no output)",
      "set -o pipefail; false | true": "(no output)",
      "kill -TERM $$": "(no output)",
    };
    for (const [command, printed] of Object.entries(commands)) {
      const { facts, rest } = await bash(command);
      const plain = spawnSync("bash", ["--norc", "-c", "--", command], { stdio: "ignore", cwd: tmpdir() });
      expect({ command, exit: facts?.exit }).toEqual({ command, exit: plain.status });
      expect(rest).toEqual(printed);
    }
  });

  it("is not an error unless the command could not be run", async () => {
    const world = open();
    expect(await world.bash("x".repeat(200_000))).toMatchObject({
      isError: true,
      content: "Not started: the command is too long; write it to a file first.",
    });
    expect(await world.bash("echo \0")).toMatchObject({ isError: true });
    expect(await open({ PATH: "/none" }).bash("true")).toMatchObject({
      isError: true,
      content: expect.stringMatching(/^Not started: spawn bash ENOENT/),
    });
    expect(await world.bash("echo well")).toMatchObject({ isError: false, rest: "well" });
    rmSync(world.top, { recursive: true });
    expect(await world.bash("true")).toMatchObject({
      isError: true,
      content: `Not started: the workspace ${world.top} is gone.`,
    });
  });
});

describe("The working directory", () => {
  it("is carried to the next command, however this one ends", async () => {
    const { bash, top } = open();
    const where = async (command: string): Promise<string> => {
      await bash(`cd ${top}`);
      await bash(command);
      return (await bash("pwd")).rest;
    };
    await bash("mkdir -p a/b; ln -s a/b link");
    expect(await where("cd a")).toBe(`${top}/a`);
    expect(await where("cd link")).toBe(`${top}/a/b`);
    expect(await where("cd a; exit 3")).toBe(`${top}/a`);
    expect(await where("set -e; cd a; false; cd ..")).toBe(`${top}/a`);
    expect(await where("trap 'echo mine' EXIT; cd a; false")).toBe(`${top}/a`);
    expect(await where("cd a\nfi")).toBe(`${top}/a`);
    expect(await where("cd a; set -o noclobber; exec >/dev/null 2>&1")).toBe(`${top}/a`);
    expect(await where("pwd() { echo /; }; cd a")).toBe(`${top}/a`);
    expect(await where("(cd a); echo x | cd a")).toBe(top);
    expect(await where("cd a; exec true")).toBe(top);
  });

  it("may have any name", async () => {
    const { bash, top } = open();
    const name = `it's "a\n$(touch oops)\n b`;
    mkdirSync(join(top, name));
    writeFileSync(join(top, "name"), name);
    await bash('cd "$(cat name)"');
    expect((await bash("pwd")).rest).toBe(`${top}/${name}`);
    expect(existsSync(join(top, "oops"))).toBe(false);
  });

  it("is the top again, and the result says so, when it is gone or closed", async () => {
    const { bash, top } = open();
    await bash("mkdir -p a/b; cd a/b");
    await bash("rm -r ../../a");
    const result = await bash("pwd");
    expect(result.first).toMatch(/^exit 0 · /);
    expect(result.rest).toBe(`[${top}/a/b is gone: this ran in ${top}]\n${top}`);
    expect((await bash("pwd")).rest).toBe(top);
  });

  it("is all that is carried", async () => {
    const { bash } = open();
    await bash("export ONE=1; two=2; three() { :; }; shopt -s extglob");
    expect((await bash('echo "[$ONE$two]"; type three')).rest).toMatch(
      /^\[\]\nbash: line 1: type: three: not found$/,
    );
  });

  it("leaves no files behind, nor open ones", async () => {
    const { bash, outputs } = open();
    await bash("true");
    const before = readdirSync("/proc/self/fd").length;
    for (let i = 0; i < 20; i += 1) await bash("cd /; seq 9000");
    expect(readdirSync("/proc/self/fd")).toHaveLength(before);
    expect(readdirSync(outputs).filter((name) => !name.endsWith(".txt"))).toEqual([]);
  });
});

describe("The environment", () => {
  it("is the caller's and what keeps programs from asking, and nothing of this process", async () => {
    const { bash, top } = open({ RALPH_GROUP: "mark.1", LANG: "C.UTF-8", GIT_EDITOR: "vi" });
    process.env["OF_THIS_PROCESS"] = "yes";
    const variables = Object.fromEntries(
      (await bash("env")).rest.split("\n").map((line) => [line.split("=")[0], line.replace(/^[^=]*=/, "")]),
    );
    delete process.env["OF_THIS_PROCESS"];
    expect(variables).toMatchObject({
      RALPH_GROUP: "mark.1",
      LANG: "C.UTF-8",
      CI: "1",
      PAGER: "cat",
      GIT_PAGER: "cat",
      TERM: "dumb",
      NO_COLOR: "1",
      GIT_EDITOR: "true",
      EDITOR: "true",
      VISUAL: "true",
      GIT_TERMINAL_PROMPT: "0",
      PWD: top,
    });
    expect(Object.keys(variables).filter((name) => /OF_THIS|ralph_/.test(name))).toEqual([]);
  });

  it("does not read the person's start-up files, not even for a login from elsewhere", async () => {
    const world = open({ SSH_CLIENT: "192.0.2.1 1 22", SHLVL: "0" });
    writeFileSync(join(world.top, "..", ".bashrc"), "echo from bashrc\n");
    writeFileSync(join(world.top, "..", ".profile"), "echo from profile\n");
    expect((await world.bash("echo only this")).rest).toBe("only this");
  });
});

describe("A program that waits for a person", () => {
  const quick = { timeout_s: 30 };

  it("finds the end of its input", async () => {
    const { bash } = open();
    expect((await bash("cat; head -c 1 | wc -c", quick)).rest).toBe("0");
    expect((await bash("read -s -p 'Password: ' answer; echo $? [$answer]", quick)).rest).toBe("1 []");
  });

  it("finds no terminal", async () => {
    const { bash } = open();
    const result = await bash(
      "tty; read -s answer </dev/tty; echo $?; (echo x >/dev/tty) && echo oops",
      quick,
    );
    expect(result.rest).toMatch(/not a tty/);
    expect(result.rest).not.toMatch(/oops|^0$/m);
  });

  it("finds no editor: git commits and rebases go on or fail at once", async () => {
    const { bash } = open();
    await bash("git init -q -b main; git commit -q --allow-empty -m one; touch a; git add a");
    expect(await bash("git commit", quick)).toMatchObject({
      first: expect.stringMatching(/^exit 1 /),
      rest: expect.stringContaining("empty commit message"),
    });
    expect(
      (
        await bash(
          "git commit -q -m two; git commit --amend; git rebase -q -i --root; git log --format=%s",
          quick,
        )
      ).rest,
    ).toMatch(/two\none$/);
    expect((await bash("git clone -q https://nobody@localhost:1/x.git", quick)).first).toMatch(/^exit 128 /);
  });

  it("ends if it is an editor itself", async () => {
    const { bash, top } = open();
    expect((await bash("command -v vi || exit 1; vi a-file", quick)).first).toMatch(/^exit 1 · /);
    await bash("command -v vi || echo hello >b; vi -c 'normal ihello' -c wq b", quick);
    expect(readFileSync(join(top, "b"), "utf8")).toBe("hello\n");
  });
});

describe("A command that takes longer than its time", () => {
  it("is not ended but becomes a job, with what it has printed so far", async () => {
    const { bash, tend, top } = open();
    await bash("mkdir sub");
    const result = await bash("cd sub; echo one; until test -e go; do sleep 0.02; done; echo two; exit 3", {
      timeout_s: 0.3,
    });
    expect(result.first).toMatch(/^still running after 0\.\d s: job 2 \(.*job tool.*\)$/);
    expect(result.rest).toMatch(
      new RegExp(`^\\[the next command starts in ${top}\\]\\none\\n\\[complete output: .*/2\\.txt\\]$`),
    );
    expect(result).toMatchObject({ isError: false, facts: { exit: null, charsTotal: 4 } });
    expect(await tend(2, "output")).toMatchObject({ rest: expect.stringMatching(/^\(no output\)\n/) });
    expect((await tend(2, "wait", 0.1)).first).toMatch(/^still running after/);
    writeFileSync(join(top, "sub", "go"), "");
    const end = await tend(2, "wait");
    expect(end.first).toMatch(/^exit 3 · /);
    expect(end.rest).toMatch(/^\[job 2 is over\]\ntwo\n/);
    expect(end.facts).toEqual({ exit: 3, charsTotal: 4, spill: result.facts?.spill });
    expect(readFileSync(result.facts?.spill ?? "", "utf8")).toBe("one\ntwo\n");
    expect((await bash("pwd")).rest).toBe(top);
  });

  it("may be given any time: 600 seconds count", async () => {
    const { bash, tend } = open();
    expect((await bash("sleep 0.1", { timeout_s: 1e9 })).first).toMatch(/^exit 0 · /);
    await bash("sleep 0.6", { background: true });
    expect((await tend(2, "wait", 1e9)).first).toMatch(/^exit 0 · /);
  });
});

describe("A command for the background", () => {
  it("returns at once with its number and goes on", async () => {
    const world = open();
    const result = await world.bash(`echo $$ >pid; echo up; ${hours}`, { background: true });
    expect(result.first).toMatch(/^still running after \d\.\d s: job 1 /);
    const pid = await pidIn(world, "pid");
    expect(hasMemory(pid)).toBe(true);
    const killed = await world.tend(1, "kill");
    expect(killed.first).toMatch(/^ended by SIGTERM · /);
    expect(killed.rest).toMatch(/^\[job 1 is over\]\n/);
    expect(hasMemory(pid)).toBe(false);
  });

  it("is told like any other when it fails at once", async () => {
    const { bash, tend } = open();
    expect(await bash("echo wrong; exit 9", { background: true })).toMatchObject({
      first: expect.stringMatching(/^exit 9 · /),
      rest: "wrong",
    });
    expect(await tend(1, "output")).toMatchObject({ isError: true });
  });

  it("does not carry its directory", async () => {
    const { bash, top } = open();
    await bash("cd /", { background: true });
    expect((await bash("pwd")).rest).toBe(top);
  });

  it("is the ninth: refused, with the names of the others, and a time-out ends its command", async () => {
    const { bash, tend, top } = open();
    for (let i = 1; i <= 8; i += 1) await bash(`: number ${i}; ${hours}`, { background: true });
    const ninth = await bash("touch started", { background: true });
    expect(ninth).toMatchObject({
      isError: true,
      content: expect.stringMatching(
        /^Not started: 8 jobs are the limit, kill one first\. Known: 1 \(: number 1; .*, 8 \(.*\)\.$/,
      ),
    });
    expect(existsSync(join(top, "started"))).toBe(false);
    expect((await bash("echo still possible")).rest).toBe("still possible");
    const late = await bash(`echo begun; ${hours}`, { timeout_s: 0.2 });
    expect(late.first).toMatch(/^ended by SIGTERM · /);
    expect(late.rest).toMatch(/\[what still ran was ended: 8 jobs are the limit.*\]\nbegun$/);
    const left = await bash("sleep 36000 >/dev/null & echo $!");
    expect(left.rest).toMatch(/^\[what still ran was ended: /);
    expect(hasMemory(Number(left.rest.split("\n")[1]))).toBe(false);
    await tend(3, "kill");
    expect(await bash(hours, { background: true })).toMatchObject({ isError: false });
  });
});

describe("What a command leaves running", () => {
  it("does not delay the result, goes on as a job, and its output is kept", async () => {
    const { bash, tend, top } = open();
    const command = "(until test -e go; do sleep 0.02; done; echo late) & echo pid $!";
    const result = await bash(command, { timeout_s: 60 });
    expect(result.first).toMatch(/^exit 0 · /);
    expect(result.rest).toMatch(/^\[what it started still runs: job 1\]\npid \d+/);
    expect((await tend(1, "wait", 0.1)).rest).toMatch(
      /^\[what it started still runs: job 1\]\n\(no output\)/,
    );
    writeFileSync(join(top, "go"), "");
    expect((await tend(1, "wait")).rest).toMatch(/^\[job 1 is over\]\n/);
    await until(() => readFileSync(result.facts?.spill ?? "", "utf8").includes("late"));
    expect(readFileSync(result.facts?.spill ?? "", "utf8")).toMatch(/^pid \d+\nlate\n$/);
  });

  it("does not hide what the command itself printed without a line feed", async () => {
    const { bash } = open();
    expect((await bash("sleep 36000 & printf '{\"json\": 1}'")).rest).toMatch(
      /\n\{"json": 1\}\n\[complete output/,
    );
  });

  it("is a job, too, when it does not write to the result, or has a process group of its own", async () => {
    for (const command of ["sleep 36000 &>/dev/null", "timeout 36000 sleep 36000 &>/dev/null"]) {
      const world = open();
      const result = await world.bash(`${command} & echo $! >pid`);
      expect(result.rest).toMatch(/^\[what it started still runs: job 1\]\n/);
      await world.tend(1, "kill");
      expect(hasMemory(await pidIn(world, "pid"))).toBe(false);
    }
  });

  it("is nothing when only a dead process is left that nobody reaps", async () => {
    const world = open();
    // The subshell becomes a program that does not know of its child, in another session.
    await world.bash("(sleep 0.5 & echo $! >dead; exec setsid sleep 36000) &>/dev/null & echo $! >parent");
    expect((await world.tend(1, "wait", 30)).rest).toMatch(/^\[job 1 is over\]\n/);
    const [dead, parent] = [await pidIn(world, "dead"), await pidIn(world, "parent")];
    expect(readFileSync(`/proc/${dead}/stat`, "utf8")).toContain(" Z ");
    process.kill(parent, "SIGKILL");
  });

  it("is not held up by a child that left the session with the output", async () => {
    const world = open({ RALPH_GROUP: "mark.7" });
    const result = await world.bash("setsid sleep 36000 & echo $! >pid; echo done", { timeout_s: 60 });
    expect(result.content).toMatch(/^exit 0 · .*\ndone\n/);
    const pid = await pidIn(world, "pid");
    await world.close();
    expect(hasMemory(pid)).toBe(true);
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toContain("RALPH_GROUP=mark.7");
    process.kill(pid, "SIGKILL");
  });
});

describe("The end of a job", () => {
  it("comes with SIGTERM, and the program may tidy up", async () => {
    const { bash, tend, top } = open();
    await bash("trap 'echo tidy; exit 5' TERM; touch up; while :; do sleep 0.02; done", { background: true });
    await until(() => existsSync(join(top, "up")));
    const result = await tend(1, "kill");
    expect(result.first).toMatch(/^exit 5 · /);
    expect(result.rest).toContain("tidy");
  });

  it("comes with SIGKILL when SIGTERM does not help, for all of it", async () => {
    const world = open();
    const stubborn =
      "trap '' TERM; bash -c 'echo $$ >child; while :; do sleep 0.05; done' & while :; do sleep 0.05; done";
    await world.bash(stubborn, { background: true });
    const child = await pidIn(world, "child");
    expect((await world.tend(1, "kill")).first).toMatch(/^ended by SIGKILL · [2-9]/);
    expect(hasMemory(child)).toBe(false);
  });

  it("reaches a stopped one", async () => {
    const world = open();
    await world.bash("trap 'exit 6' TERM; echo $$ >pid; kill -STOP $$", { background: true });
    expect((await world.tend(1, "kill")).first).toMatch(/^exit 6 · /);
  });

  it("can be asked for twice", async () => {
    const { bash, tend } = open();
    await bash(hours, { background: true });
    await tend(1, "kill");
    expect((await tend(1, "kill")).content).toMatch(
      /^ended by SIGTERM · .*\n\[job 1 is over\]\n\(no output\)$/,
    );
  });

  it("needs a known number", async () => {
    const { bash, tend } = open();
    expect(await tend(4, "kill")).toMatchObject({
      isError: true,
      content: "There is no job 4. Known: none.",
    });
    await bash(`: ${secret}; ${hours}`, { background: true });
    expect((await tend(4, "kill")).content).toBe(`There is no job 4. Known: 1 (: [API_KEY]; ${hours}).`);
  });
});

describe("An abort", () => {
  it("ends the command that runs, and gives what there is", async () => {
    const world = open();
    const controller = new AbortController();
    const running = world.bash(`trap '' TERM; echo $$ >pid; echo some; ${hours}`, {}, controller.signal);
    const pid = await pidIn(world, "pid");
    controller.abort();
    const result = await running;
    expect(result.first).toMatch(/^ended by SIGKILL · /);
    expect(result.rest).toMatch(/the call was aborted\]\nsome/);
    expect(hasMemory(pid)).toBe(false);
    expect(await world.bash("true", {}, controller.signal)).toMatchObject({ isError: true });
  });

  it("of a wait leaves the job alone", async () => {
    const world = open();
    await world.bash(`echo $$ >pid; ${hours}`, { background: true });
    const result = await world.tend(1, "wait", 600, AbortSignal.timeout(100));
    expect(result.first).toMatch(/^still running after /);
    expect(hasMemory(await pidIn(world, "pid"))).toBe(true);
    await world.bash("sleep 36000 & echo");
    expect((await world.tend(2, "wait", 600, AbortSignal.timeout(100))).rest).toMatch(/still runs: job 2/);
  });
});

describe("close", () => {
  it("ends all that runs: jobs, what was left, and the command of a call", async () => {
    const world = open();
    await world.bash(`trap '' TERM; echo $$ >one; while :; do sleep 0.05; done`, { background: true });
    await world.bash("sleep 36000 & echo $! >two");
    await world.bash(`echo $$ >three; ${hours}`, { timeout_s: 0.2 });
    const running = world.bash(`echo $$ >four; timeout 36000 sleep 36000`);
    const pids = await Promise.all(["one", "two", "three", "four"].map((file) => pidIn(world, file)));
    expect(pids.map(hasMemory)).toEqual([true, true, true, true]);
    await world.close();
    expect(pids.map(hasMemory)).toEqual([false, false, false, false]);
    expect((await running).first).toMatch(/^ended by SIGTERM · /);
  });

  it("comes at once when nothing runs, and may come twice", async () => {
    const { bash, close } = open();
    await bash("true");
    await close();
    await expect(close()).resolves.toBe(undefined);
  });
});

describe("Much output", () => {
  it("is bounded: 200 MB pass, the file ends at its limit, and others are served meanwhile", async () => {
    const { bash } = open();
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const result = await bash("yes | head -c 200000000; echo the end");
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
    expect(result.first).toMatch(/^exit 0 · /);
    expect(result.content.length).toBeLessThan(24_400);
    expect(result.rest).toContain(
      "199976008 of 200000008 characters are not shown; the first 52428800 bytes are in ",
    );
    expect(result.rest.endsWith("y\nthe end")).toBe(true);
    expect(result.facts).toMatchObject({ exit: 0, charsTotal: 200_000_008 });
    expect(statSync(result.facts?.spill ?? "").size).toBe(52_428_800);
  });

  it("comes from a job that nobody asks, and is cut like any other", async () => {
    const { bash, tend, top } = open();
    await bash("yes | head -c 3000000; touch done; exec sleep 36000", { background: true });
    await until(() => existsSync(join(top, "done")));
    const result = await tend(1, "output");
    expect(result.content.length).toBeLessThan(24_400);
    expect(result.facts).toMatchObject({ exit: null, charsTotal: expect.any(Number) });
  });
});

describe("A secret", () => {
  it("gets through in no form: in pieces, in base64, in colour, in names, in files", async () => {
    const { bash, outputs } = open({ WORD: secret });
    const result = await bash(
      [
        `printf 'sk-canary'; sleep 0.05; printf '/1234 '; sleep 0.05; echo '5678+9'`,
        `printf %s "$WORD" | base64; env | grep WORD; printf 'sk-\\e[31mcanary\\e[m/1234 5678+9\\n'`,
        `mkdir -p "$WORD"; cd "$WORD"; pwd; seq 20000; echo "$WORD"`,
      ].join("\n"),
    );
    const gone = await bash('rm -r "$PWD"; echo "$WORD" >&2');
    const next = await bash("true");
    const failed = await bash(`cd "$WORD" && ${secret}`);
    const kept = readFileSync(result.facts?.spill ?? "", "utf8");
    expect(result.facts?.spill?.startsWith(outputs)).toBe(true);
    for (const text of [result.content, gone.content, next.content, failed.content, kept]) {
      expect(text).not.toMatch(/canary|c2stY2FuYXJ5|5678\+9/);
    }
    expect(kept.match(/\[API_KEY\]/g)?.length).toBe(6);
  });
});

it("lets a directory be closed for the model", async () => {
  const { bash, top } = open();
  await bash("mkdir closed; cd closed");
  chmodSync(join(top, "closed"), 0);
  expect((await bash("echo fine")).rest).toMatch(/fine$/);
  chmodSync(join(top, "closed"), 0o700);
});
