/** Where a gate leaves its test report, and how it is taken: after the gate's processes are gone, files only. */
import { randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Gate } from "../../core/config.ts";
import type { GateReport } from "../../core/verdict.ts";
import { messageOf, systemCodeOf } from "../../errors.ts";
import { matchGlobs } from "../../formats/glob.ts";
import { parseReport, type ReportText } from "../../formats/test-report.ts";
import { removeAll } from "../remove-all.ts";

export interface ReportPlace extends AsyncDisposable {
  /** `$RALPH_REPORT` of this gate; outside the checkout, and named only now. */
  readonly file: string;
  /** Holds this gate's report and no other's. */
  readonly folder: string;
  /** To be called when all processes of the gate are gone. */
  take(): Promise<GateReport | null>;
}

/** @param folder For reports, outside every checkout. */
export async function openReportPlace(gate: Gate, checkout: string, folder: string): Promise<ReportPlace> {
  const own = join(folder, randomUUID());
  await mkdir(own, { recursive: true, mode: 0o700 });
  const file = join(own, "report.xml");
  const { report: kind, reportFile } = gate;
  const before = kind === null || reportFile === null ? null : await findBefore(checkout, reportFile);
  return {
    file,
    folder: own,
    async take() {
      if (kind === null) return null;
      try {
        if (before === null || reportFile === null) return await parseFiles(kind, [{ path: "", file }]);
        if ("reason" in before) return { kind: "unreadable", reason: before.reason };
        const after = await findFiles(checkout, reportFile);
        // What was there before is part of the change under judgement, whoever wrote it.
        const fresh = after.filter((path) => !before.paths.includes(path)).toSorted();
        if (fresh.length === 0) return { kind: "missing", where: whereNothing(reportFile, after.length) };
        return await parseFiles(
          kind,
          fresh.map((path) => ({ path, file: join(checkout, path) })),
        );
      } catch (error) {
        return { kind: "unreadable", reason: messageOf(error) };
      }
    },
    [Symbol.asyncDispose]: () => removeAll(own),
  };
}

/** Another gate of the checkout may leave there what cannot be looked through: then no report can be told from older ones. */
async function findBefore(
  checkout: string,
  glob: string,
): Promise<{ readonly paths: readonly string[] } | { readonly reason: string }> {
  try {
    return { paths: await findFiles(checkout, glob) };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function whereNothing(reportFile: string, olderCount: number): string {
  return `${reportFile} in the checkout${olderCount === 0 ? "" : " (what was there before the gate began does not count)"}`;
}

const bytesMax = 50 * 1024 * 1024;

interface FileToRead {
  readonly path: string;
  readonly file: string;
}

async function parseFiles(
  kind: NonNullable<Gate["report"]>,
  files: readonly FileToRead[],
): Promise<GateReport> {
  const texts: ReportText[] = [];
  let bytesLeft = bytesMax;
  for (const { path, file } of files) {
    const read = await readBounded(file, bytesLeft);
    if (read.kind === "missing") return read;
    if (read.kind === "refused")
      return { kind: "unreadable", reason: path === "" ? `it ${read.reason}` : `${path} ${read.reason}` };
    bytesLeft -= read.bytes;
    texts.push({ path, text: read.text });
  }
  return parseReport(kind, texts);
}

type Read =
  | { readonly kind: "read"; readonly text: string; readonly bytes: number }
  | { readonly kind: "missing" }
  | { readonly kind: "refused"; readonly reason: string };

/** The code under judgement may leave anything there: a pipe would be read for ever, a link leads elsewhere. */
async function readBounded(file: string, bytesLeft: number): Promise<Read> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const opened = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) =>
    systemCodeOf(error),
  );
  if (opened === "ENOENT") return { kind: "missing" };
  if (opened === "ELOOP" || opened === "ENXIO") return { kind: "refused", reason: "is not a file" };
  if (opened === null || typeof opened === "string")
    return { kind: "refused", reason: `cannot be opened (${opened ?? "unknown error"})` };
  try {
    const stats = await opened.stat();
    if (!stats.isFile()) return { kind: "refused", reason: "is not a file" };
    if (stats.size > bytesLeft) return { kind: "refused", reason: `has ${stats.size} bytes` };
    return { kind: "read", text: await opened.readFile("utf8"), bytes: stats.size };
  } finally {
    await opened.close();
  }
}

const entriesMax = 500_000;
/** Nobody's reports are there, and they are large. */
const closedFolders: ReadonlySet<string> = new Set([".git", "node_modules"]);

/** All that the glob names, files or not, without following a link. */
async function findFiles(checkout: string, glob: string): Promise<readonly string[]> {
  // From the top: a bare name means that one file, not every file of the name.
  const isWanted = matchGlobs([`./${glob}`]);
  const fixed = `${fixedFolder(glob)}/`;
  const found: string[] = [];
  const folders = [""];
  let entries = 0;
  for (const folder of folders) {
    for (const entry of await entriesOf(checkout, folder)) {
      entries += 1;
      if (entries > entriesMax) throw new Error(`there are more than ${entriesMax} files to look through`);
      const path = folder + entry.name;
      const isOnTheWay = fixed.startsWith(`${path}/`) || fixed === "/" || `${path}/`.startsWith(fixed);
      if (!entry.isDirectory()) found.push(...(isWanted(path) ? [path] : []));
      else if (isOnTheWay && !closedFolders.has(entry.name)) folders.push(`${path}/`);
    }
  }
  return found;
}

/** The folders that stand in the glob literally. */
function fixedFolder(glob: string): string {
  const steps = glob.split("/").slice(0, -1);
  const first = steps.findIndex((step) => /[*?[\]{}()!+@]/.test(step));
  return (first === -1 ? steps : steps.slice(0, first)).join("/");
}

const folderCharsShownMax = 60;

async function entriesOf(checkout: string, folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(join(checkout, folder), { withFileTypes: true });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT") return [];
    // People read this in the repository: no path of this machine, and none of thousands of characters.
    const shown = folder.slice(0, folderCharsShownMax) + (folder.length > folderCharsShownMax ? "…" : "");
    throw new Error(`${shown} cannot be looked through (${code ?? messageOf(error)})`, { cause: error });
  }
}
