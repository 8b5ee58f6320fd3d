/** A workspace with its file tools, beside a temporary folder of its own and a folder that is neither. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createFileTools } from "../../src/agent/tools/files.ts";
import { createRedactor } from "../../src/formats/redact.ts";
import type { ToolResult } from "../../src/agent/tools/tool.ts";

/** The only secret that the tools know. */
export const canary = "canary-0123456789";

type Order = Readonly<Record<string, unknown>>;

export interface Answer extends ToolResult {
  /** Its text; of a picture, what is said about it. */
  readonly text: string;
}

export interface FileWorkspace extends Disposable {
  readonly top: string;
  /** What the system's temporary folder is, while the workspace is there. */
  readonly temporary: string;
  readonly outside: string;
  readonly call: (name: string, order: Order, signal?: AbortSignal) => Promise<Answer>;
  readonly read: (path: string, order?: Order) => Promise<Answer>;
  /** Reads, then edits. */
  readonly edit: (path: string, old: string, fresh: string, order?: Order) => Promise<Answer>;
  readonly put: (path: string, content: string | Buffer) => string;
  readonly bytes: (path: string) => Buffer;
  /** Calls tools one after the other in a process of its own, without the rights of root, after a shell command. */
  readonly callApart: (
    calls: readonly (readonly [string, Order])[],
    before?: string,
  ) => readonly ToolResult[];
}

export function openFileWorkspace(): FileWorkspace {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "ralph-file-tools-")));
  const [top, temporary, outside] = [join(base, "work"), join(base, "temporary"), join(base, "outside")];
  for (const folder of [top, temporary, outside]) mkdirSync(folder);
  const { TMPDIR: before } = process.env;
  process.env["TMPDIR"] = temporary;
  const tools = createFileTools({ top, redactor: createRedactor({ API_KEY: canary }) });
  const call: FileWorkspace["call"] = async (name, order, signal = new AbortController().signal) => {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    const result = await tool.run(tool.input.parse(order), signal);
    const blocks = typeof result.content === "string" ? [] : result.content;
    const texts = blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
    return { ...result, text: typeof result.content === "string" ? result.content : texts.join("\n") };
  };
  return {
    top,
    temporary,
    outside,
    call,
    read: (path, order = {}) => call("read", { path, ...order }),
    async edit(path, old, fresh, order = {}) {
      await call("read", { path });
      return call("edit", { path, old_string: old, new_string: fresh, ...order });
    },
    put(path, content) {
      const file = join(top, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    bytes: (path) => readFileSync(join(top, path)),
    callApart(calls, shell = "true") {
      chmodSync(base, 0o755);
      const program = [process.execPath, "--input-type=module", "-e", apart, top];
      const told = execFileSync("bash", ["-c", `${shell}; exec "$@"`, "bash", ...program], {
        input: JSON.stringify(calls),
        encoding: "utf8",
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program below writes them
      return JSON.parse(told) as readonly ToolResult[];
    },
    [Symbol.dispose]() {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(base, { recursive: true, force: true });
    },
  };
}

const module = new URL("../../src/agent/tools/files.ts", import.meta.url).href;
const apart = `
import { readFileSync } from "node:fs";
import { createFileTools } from ${JSON.stringify(module)};
const tools = createFileTools({ top: process.argv[1], redactor: { text: (text) => text } });
const calls = readFileSync(0, "utf8");
if (process.getuid() === 0) process.setuid(65534);
const results = [];
for (const [name, order] of JSON.parse(calls)) {
  results.push(await tools.find((tool) => tool.name === name).run(order, new AbortController().signal));
}
console.log(JSON.stringify(results));
`;
