/** Keeps the documents true: whatever they name, show or promise is compared with the code. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { generateDocs } from "../scripts/generate-docs.ts";
import { egressGap, knownAgents } from "../src/cli/known-agents.ts";
import { failureKinds } from "../src/core/message.ts";
import { type Queue, resolveQueue } from "../src/core/queue.ts";
import { errorCodes } from "../src/errors.ts";
import { agentProtocolJsonSchema, formatBriefMessage, parseAgentLine } from "../src/formats/agent-stream.ts";
import { configJsonSchema } from "../src/formats/config-schema.ts";
import { parseConfig } from "../src/formats/config.ts";
import { parseDuration } from "../src/formats/duration.ts";
import { parseTask } from "../src/formats/task-file.ts";
import { readYaml } from "../src/formats/yaml-text.ts";
import { makeFolder } from "./support/repository.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(join(top, file), "utf8");
const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(top, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name))
    .toSorted();

const topPages = readdirSync(top).filter((name) => name.endsWith(".md"));
const pages = [...topPages, ...markdownIn("docs"), ...markdownIn("specs"), ...markdownIn("tasks")];
const parseTaskFile = (file: string, text = read(file)): ReturnType<typeof parseTask> =>
  parseTask(text, file, (written) => written);

describe("generated pages", async () => {
  const docs = await generateDocs(read);

  it.each([...docs])("%s is what the code gives (else: npm run docs)", (file, text) => {
    expect(read(file)).toBe(text);
  });
});

describe("examples in documents", () => {
  const blocks = pages.flatMap((page) => blocksOf(page, "yaml"));

  it("are there to be checked", () => {
    expect(blocks.filter(isConfig).length).toBeGreaterThan(1);
    expect(blocks.filter((block) => !isConfig(block)).length).toBeGreaterThan(0);
  });

  it.each(blocks.filter(isConfig))("$place is a valid configuration", ({ place, text }) => {
    expect(() => parseConfig(text, place)).not.toThrow();
  });

  it.each(blocks.filter(isConfig))("$place has only keys of the published schema", ({ text }) => {
    expect(unknownKeys(configJsonSchema(), readYaml(text).value)).toEqual([]);
  });

  it.each(blocks.filter(isConfig))(
    "$place lets through what its agent and its set-up ask",
    ({ place, text }) => {
      const { agent, sandbox, workspace } = parseConfig(text, place);
      const isNpm = workspace.setup?.startsWith("npm ") === true;
      expect([
        egressGap(agent, sandbox.egress),
        isNpm && !sandbox.egress.includes("registry.npmjs.org"),
      ]).toEqual([null, false]);
    },
  );

  it.each(blocks.filter((block) => !isConfig(block)))("$place is valid front matter", ({ text }) => {
    expect(parseTaskFile("tasks/example.md", `---\n${text}---\n`)).toMatchObject({ kind: "task" });
  });

  it("do not pass with a key that the schema does not have", () => {
    expect(
      unknownKeys(configJsonSchema(), { gates: [{ name: "a", runs: "b" }], limits: { run: { eur: 1 } } }),
    ).toEqual(["gates[].runs", "limits.run.eur"]);
  });
});

describe("what documents name", () => {
  it.each(pages)("%s names only files that exist", (page) => {
    expect(pathsNamedIn(read(page)).filter((path) => !existsSync(join(top, path)))).toEqual([]);
  });

  it.each(pages)("%s has only links that lead somewhere", (page) => {
    expect(linksIn(read(page)).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it("is found by the checks themselves", () => {
    expect(pathsNamedIn("see `src/core/next.ts` and src/gone.ts\n> src/words.ts is an example")).toEqual([
      "src/core/next.ts",
      "src/gone.ts",
    ]);
    const links = linksIn(
      "[a](README.md) [b](gone.md) [c](docs/errors.md#usage) [d](docs/errors.md#gone) [e](https://x.y)",
    );
    expect(links.filter((link) => !leadsSomewhere("README.md", link))).toEqual([
      "gone.md",
      "docs/errors.md#gone",
    ]);
  });
});

describe("the help", () => {
  it("names the default of a duration as it may be written", () => {
    const named = read("docs/commands.md").matchAll(/<duration>[^<]*?\(default: ([^)]*)\)/g);
    const defaults = [...named].map(([, text = ""]) => text);
    expect(defaults).not.toEqual([]);
    expect(defaults.filter((text) => parseDuration(text) === null)).toEqual([]);
  });
});

describe("lists that must be complete", () => {
  it("docs/errors.md has a section with the exit status of every error code, and no other", () => {
    const sections = [...read("docs/errors.md").matchAll(/^## ([a-z-]+)\n\nExit status (\d+)\./gm)];
    const documented = sections.map(([, code = "", status]) => [code, Number(status)]);
    expect(Object.fromEntries(documented)).toEqual(errorCodes);
  });

  it("docs/sandbox.md has the key, the host and the login of every agent that init knows", () => {
    const page = read("docs/sandbox.md");
    const named = knownAgents.flatMap(({ keys: [key], login }) => [
      `\`${key.variable}\``,
      `\`${key.host}\``,
      `\`[${login.paths.join(", ")}]\``,
      ...login.hosts.map((host) => `\`${host}\``),
    ]);
    expect(named.filter((word) => !page.includes(word))).toEqual([]);
  });

  it("docs/dependencies.md has an entry for every package, and no other", () => {
    const manifest = readManifest();
    const entries = [...read("docs/dependencies.md").matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
    const packages = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
    expect(new Set(entries)).toEqual(new Set(packages));
  });

  it("docs/journal.md has every event, and no other", () => {
    const source = read("src/core/message.ts");
    const union = source.slice(
      source.indexOf("export type LoopEvent"),
      source.indexOf("export type Command"),
    );
    const events = [...union.matchAll(/type: "([a-z-]+)"/g)].map(([, type]) => type);
    const listed = [...read("docs/journal.md").matchAll(/^\| `([a-z]+-[a-z-]+)` /gm)].map(([, type]) => type);
    expect(new Set(listed)).toEqual(new Set(events));
    expect(failureKinds.filter((kind) => !read("docs/journal.md").includes(`\`${kind}\``))).toEqual([]);
  });

  it("docs/protocol.md has every message, and no other", () => {
    const schema = JSON.stringify(agentProtocolJsonSchema());
    const types = [...schema.matchAll(/"type":\{"type":"string","const":"([a-z]+)"\}/g)].map(
      ([, type]) => type,
    );
    const listed = [...read("docs/protocol.md").matchAll(/^\| `([a-z]+)` /gm)].map(([, type]) => type);
    expect(new Set(listed)).toEqual(new Set(types));
  });

  it("README.md has the exit statuses as the help of run has them", () => {
    const help = /Exit status:\n([\s\S]+?)\n\n/.exec(read("docs/commands.md"))?.[1] ?? "";
    const told = help.split("\n").map((line) => /^ {2}(\d+(?:, \d+)*) +(.*)$/.exec(line)?.slice(1));
    const table = [...read("README.md").matchAll(/^\| (\d+(?:, \d+)?) +\| (.*?) +\|$/gm)].map(
      ([, ...cells]) => cells,
    );
    expect(table).toEqual(told);
  });

  it("AGENTS.md stays within 80 lines", () => {
    expect(read("AGENTS.md").split("\n").length).toBeLessThanOrEqual(81);
  });
});

describe("the example agent", () => {
  it("is the one that docs/protocol.md shows", () => {
    expect(blocksOf("docs/protocol.md", "ts").map(({ text }) => text)).toEqual([read("examples/agent.ts")]);
  });

  it("speaks the protocol: each brief or verdict is answered by a claim", () => {
    const verdict = { type: "verdict", accepted: false, round: 1, evidence: "gate tests is red" };
    const told = `${formatBriefMessage({ text: "# Do it" })}${JSON.stringify(verdict)}\n`;
    const cwd = makeFolder("example");
    const program = join(top, "examples/agent.ts");
    const { status, stdout } = spawnSync(process.execPath, [program], { cwd, input: told, encoding: "utf8" });
    const messages = stdout.trimEnd().split("\n").map(parseAgentLine);
    expect(messages.map(({ type }) => type)).toEqual(["started", "turn", "claim", "turn", "claim", "end"]);
    expect(readFileSync(join(cwd, "notes.txt"), "utf8")).toBe("# Do it\ngate tests is red\n");
    expect(status).toBe(0);
  });
});

describe("this repository as ralphwright's own project", () => {
  const parsed = markdownIn("tasks").map((file) => parseTaskFile(file));
  const tasks = parsed.flatMap((each) => (each.kind === "task" ? [each.task] : []));

  it("has a valid configuration whose gates are scripts of package.json or tools of it", () => {
    const { gates } = parseConfig(read("ralph.config.yaml"), "ralph.config.yaml");
    const { scripts } = readManifest();
    const commands = gates.map(({ run }) => /^npm run (\S+)$/.exec(run)?.[1] ?? null);
    expect(commands.filter((name) => name !== null && !Object.hasOwn(scripts, name))).toEqual([]);
    expect(gates.some(({ report }) => report === "junit")).toBe(true);
  });

  it("has tasks that are all valid, with acceptance", () => {
    expect(parsed.filter(({ kind }) => kind === "problem")).toEqual([]);
    expect(tasks.length).toBeGreaterThan(0);
    expect(tasks.filter(({ body }) => !/^## Acceptance\n\n- /m.test(body)).map(({ id }) => id)).toEqual([]);
  });

  it("has no task that is stuck, and none that names a spec which is not there", () => {
    const queue: Queue = { tasks, problems: [] };
    const stuck = [...resolveQueue(queue.tasks, new Set()).waiting].filter(([, why]) => why.kind === "stuck");
    expect(stuck).toEqual([]);
    expect(tasks.flatMap(({ specs }) => specs).filter((spec) => !existsSync(join(top, spec)))).toEqual([]);
  });
});

describe("the log in README.md", () => {
  const excerpt = /<!-- demo log -->\s*```text\n([\s\S]*?)```/.exec(read("README.md"))?.[1] ?? "";
  const lines = excerpt.split("\n");

  it("tells every task of the demo as its recordings play it", () => {
    const shown = lines.flatMap((line, at) => {
      const [, mark, subject = ""] = /^([✔■]) [0-9a-f]{10} (.*)$/.exec(line) ?? [];
      return mark === undefined ? [] : [{ mark, subject, facts: lines[at + 1]?.trim() ?? "" }];
    });
    expect(shown).toEqual(
      recordedTasks().map(({ subject, facts, mark }) => ({
        mark,
        subject: expect.stringMatching(startOf(subject)),
        facts: expect.stringMatching(startOf(facts)),
      })),
    );
  });

  it("counts what it shows, and fits a terminal", () => {
    const marks = lines.map((line) => line[0]);
    const [landed, blocked] = ["✔", "■"].map((mark) => marks.filter((each) => each === mark).length);
    expect(lines[0]).toMatch(/^Last run, /);
    expect(lines.find((line) => line.startsWith("Run "))).toMatch(
      new RegExp(`: ${landed} landed, ${blocked} given up, \\d+\\.\\d\\d USD$`),
    );
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

interface RecordedTask {
  readonly mark: string;
  readonly subject: string;
  readonly facts: string;
}

function recordedTasks(): readonly RecordedTask[] {
  const files = markdownIn("src/demo/project/tasks");
  const ready = files
    .map((file) => parseTaskFile(file))
    .flatMap((each) => (each.kind === "task" ? [each.task] : []));
  return ready
    .filter(({ status }) => status === "ready")
    .map(({ id, title }) => {
      const folder = `src/demo/recordings/${id}`;
      const attempts = readdirSync(join(top, folder)).length;
      const isQuestion = read(`${folder}/${attempts}.jsonl`).includes('"blocked"');
      const facts = `${id}, attempt ${attempts}`;
      return isQuestion
        ? { mark: "■", subject: `Give up ${id}`, facts }
        : { mark: "✔", subject: title, facts };
    });
}

const startOf = (text: string): RegExp =>
  new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}`);

interface Block {
  readonly place: string;
  readonly text: string;
}

function blocksOf(page: string, language: string): readonly Block[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...read(page).matchAll(pattern)].map(({ 1: text = "" }, at) => ({
    place: `${page} #${at + 1}`,
    text,
  }));
}

/** Of two kinds of YAML in documents, only a task's front matter has a title. */
const isConfig = ({ text }: Block): boolean => !/^title:/m.test(text);

/** Quotations and output show files of somebody else's project. */
function pathsNamedIn(text: string): readonly string[] {
  const own = text.replaceAll(/^>.*$|^```text[\s\S]*?^```$/gm, "");
  const pattern = /(?<![\w/.-])(?:src|docs|test|scripts|bench|examples)\/(?:[\w-]+\/)*(?:[\w.-]+\.\w+)?/g;
  return [...own.matchAll(pattern)].map(([path]) => path);
}

const linksIn = (text: string): readonly string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);

function leadsSomewhere(page: string, link: string): boolean {
  if (/^https?:/.test(link)) return true;
  const [file = "", anchor] = link.split("#");
  const path = file === "" ? page : join(dirname(page), file);
  if (!existsSync(join(top, path))) return false;
  return anchor === undefined || anchorsOf(read(path)).includes(anchor);
}

const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  /** Of a mapping whose keys are people's own. */
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
}

const propertiesOf = (schema: Schema): Readonly<Record<string, Schema>> =>
  Object.assign({}, schema.properties, ...(schema.anyOf ?? []).map(propertiesOf));

/** Keys of a value for which the schema has no property. */
function unknownKeys(schema: Schema, value: unknown, path = ""): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => unknownKeys(schema.items ?? {}, item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  const known = propertiesOf(schema);
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = path === "" ? key : `${path}.${key}`;
    const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
    const property = known[key] ?? others;
    return property === undefined ? [name] : unknownKeys(property, inner, name);
  });
}

type Names = Readonly<Record<string, string>>;

function readManifest(): {
  readonly scripts: Names;
  readonly dependencies: Names;
  readonly devDependencies: Names;
} {
  return JSON.parse(read("package.json"));
}
