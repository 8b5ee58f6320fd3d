/** Writes every page and schema that follows from the code: `npm run docs`. A test compares them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { format } from "oxfmt";
import { createProgram } from "../src/cli/program.ts";
import { settings } from "../src/cli/settings.ts";
import { agentProtocolJsonSchema } from "../src/formats/agent-stream.ts";
import { configJsonSchema } from "../src/formats/config-schema.ts";
import { defaultProtect } from "../src/core/guard/default-protect.ts";
import { withLoopTable } from "./loop-table.ts";
import { withCheatsTables } from "./cheats-tables.ts";
import { hostileRows, hostileColumns } from "./hostile-table.ts";
import { mutantRows } from "./mutants/list.ts";

/** Path from the top of the repository → the text it should have; `read` gives the text it has now. */
export async function generateDocs(read: (file: string) => string): Promise<ReadonlyMap<string, string>> {
  const texts: readonly (readonly [string, string])[] = [
    ["docs/cheats.md", withCheatsTables(read("docs/cheats.md"))],
    ["docs/commands.md", renderCommands()],
    ["docs/configuration.md", withConfigurationTables(read("docs/configuration.md"))],
    ["docs/loop.md", withLoopTable(read("docs/loop.md"))],
    [
      "docs/hostile.md",
      withPart(read("docs/hostile.md"), "hostile", renderTable(hostileColumns, hostileRows())),
    ],
    [
      "docs/mutants.md",
      withPart(read("docs/mutants.md"), "mutants", renderTable(mutantColumns, mutantRows())),
    ],
    ["docs/schema/config.schema.json", JSON.stringify(configJsonSchema())],
    ["docs/schema/agent-protocol.schema.json", JSON.stringify(agentProtocolJsonSchema())],
  ];
  return new Map(await Promise.all(texts.map(formatted)));
}

/** As the formatter leaves it, so that the format check and the comparison agree. */
async function formatted([file, text]: readonly [string, string]): Promise<readonly [string, string]> {
  const { code, errors } = await format(file, text, { printWidth: 110 });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message ?? "it cannot be formatted"}`);
  return [file, code];
}

const mutantColumns = ["Mutant", "What the product no longer does", "The test that notices"];

const commandsIntroduction = `# Commands

This page is \`ralphwright --help\` and the help of every command, written down by \`npm run docs\`. Results go to standard
output, progress and logs to standard error. \`NO_COLOR\` is honoured.

Commands that fail say why in one sentence, and what to do in a second one: [errors](errors.md). How \`run\` ends and what
each exit status means stands under [run](#ralphwright-run).
`;

function renderCommands(): string {
  const program = createProgram({ status: 0 });
  const commands = [program, ...program.commands.flatMap((command) => [command, ...command.commands])];
  const sections = commands.map(
    (command) => `## ${nameOf(command)}\n\n\`\`\`text\n${helpOf(command).trimEnd()}\n\`\`\`\n`,
  );
  return [commandsIntroduction, ...sections].join("\n");
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** The whole help, with the examples that stand after the options. */
function helpOf(command: Command): string {
  let help = "";
  const writeOut = (text: string): void => void (help += text);
  command.configureOutput({ writeOut, getOutHasColors: () => false }).outputHelp();
  return help;
}

function withConfigurationTables(page: string): string {
  const tables = {
    keys: renderTable(["Key", "Type", "Default", "Meaning"], keyRows(configJsonSchema())),
    protect: defaultProtect.map((glob) => `- \`${glob}\``).join("\n"),
    settings: renderTable(["Flag of `run`", "Variable", "Key", "Meaning"], settings.map(settingRow)),
  };
  return Object.entries(tables).reduce((text, [name, table]) => withPart(text, name, table), page);
}

/** Replaces what stands between the marks of that name. */
function withPart(page: string, name: string, part: string): string {
  const startMark = `<!-- generated: ${name} -->`;
  const start = page.indexOf(startMark);
  const end = page.indexOf("<!-- /generated -->", start);
  if (start < 0 || end < 0) throw new Error(`the page lacks ${startMark} … <!-- /generated -->`);
  return `${page.slice(0, start + startMark.length)}\n\n${part}\n\n${page.slice(end)}`;
}

function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => "---"), ...rows].map(renderRow).join("\n");
}

const renderRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;

const settingRow = ({ flag, variable, path, help }: (typeof settings)[number]): readonly string[] => [
  `\`--${flag}\``,
  `\`${variable}\``,
  `\`${path.join(".")}\``,
  help,
];

/** The part of JSON Schema that our own schemas use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly pattern?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** One row a key, sections as dotted paths. */
function keyRows(schema: Schema, prefix = ""): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const inner = withoutNull(value);
    const isRequired = schema.required?.includes(key) === true;
    const name = `${prefix}${key}`;
    const row = [`\`${name}\``, typeOf(value), defaultOf(value, isRequired), value.description ?? ""];
    if (inner.properties !== undefined) return keyRows(inner, `${name}.`);
    return [row, ...keyRows(inner.items ?? {}, `${name}[].`)];
  });
}

/** A key may be left empty; that is no type of its own. */
function withoutNull(schema: Schema): Schema {
  const others = schema.anyOf?.filter((each) => each.type !== "null") ?? [];
  const [only] = others;
  return others.length === 1 && only !== undefined ? withoutNull(only) : schema;
}

const durationPattern = String.raw`^(\d+)(ms|s|m|h)$`;

function typeOf(schema: Schema): string {
  const inner = withoutNull(schema);
  if (inner.const !== undefined) return code(inner.const);
  if (inner.enum !== undefined) return inner.enum.map(code).join(" or ");
  if (inner.anyOf !== undefined) return inner.anyOf.map(typeOf).join(" or ");
  if (inner.items !== undefined) return `list of ${inner.items.properties === undefined ? "texts" : "gates"}`;
  if (inner.pattern === durationPattern) return "duration";
  return typeNames[inner.type ?? ""] ?? inner.type ?? "";
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  boolean: "`true` or `false`",
};

function defaultOf(schema: Schema, isRequired: boolean): string {
  if (isRequired) return "required";
  if (schema.default === undefined || (typeof schema.default === "object" && schema.default !== null))
    return "empty";
  return schema.default === null ? "none" : code(schema.default);
}

const code = (value: unknown): string => `\`${String(value)}\``;

if (import.meta.main) {
  const top = fileURLToPath(new URL("..", import.meta.url));
  const docs = await generateDocs((file) => readFileSync(join(top, file), "utf8"));
  for (const [file, text] of docs) {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    writeFileSync(join(top, file), text);
  }
}
