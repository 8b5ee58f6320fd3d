/** Files as the file tools use them: which may be changed, what they hold, what was seen of them, their replacement. */
import { isUtf8 } from "node:buffer";
import { hash, randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import {
  access,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { buffer } from "node:stream/consumers";
import { messageOf, systemCodeOf } from "../../errors.ts";
import type { Redactor } from "../../formats/redact.ts";
import { nearestWord } from "../../formats/nearest.ts";
import { cutText } from "../../formats/one-line.ts";
import { failure, type ToolResult } from "./tool.ts";

export interface SeenFiles {
  /** The workspace. */
  readonly top: string;
  readonly redactor: Redactor;
  /** Real path of what was read or written in this task → the mark of its content. */
  readonly marks: Map<string, string>;
  /** Of those, the ones of which lines have not been shown yet: the first of these lines. */
  readonly partly: Map<string, number>;
}

export interface LoadedFile {
  /** No more than `bytesLoadedMax` and one. */
  readonly content: Buffer;
  readonly isWhole: boolean;
  readonly size: number;
  /** Another one for another content. */
  readonly mark: string;
}

/** What is longer is read piece by piece, and not edited. */
export const bytesLoadedMax = 8_000_000;
const reasonCharsMax = 10_000;

/** Whatever is wrong with the order or the world is thrown below this, and told in one sentence. */
export async function tellFailure(path: string, work: () => Promise<ToolResult>): Promise<ToolResult> {
  try {
    return await work();
  } catch (error) {
    const message = messageOf(error);
    const [, code, reason] = /^(E[A-Z]+): ([^,]+)/.exec(message) ?? [];
    return failure(cutText(code === undefined ? message : `${path}: ${reason} (${code})`, reasonCharsMax));
  }
}

/** The real path of a file to be changed. @throws Error when it is not for the model to change. */
export async function placeToChange({ top }: SeenFiles, path: string): Promise<string> {
  const realTop = await realpath(top).catch(() => {
    throw new Error(goneText(top));
  });
  const place = await realPathOf(resolve(realTop, path));
  const around = [realTop, await realpath(tmpdir()).catch(() => realTop)];
  const room = around.find((one) => isWithin(place, one));
  if (room === undefined) throw new Error(`${path} is outside of the workspace: it is only to be read`);
  if (!relative(room, place).toLowerCase().split(sep).includes(".git")) return place;
  throw new Error(`${path} is in a .git folder, which only git changes`);
}

const goneText = (top: string): string => `the workspace ${top} does not exist any more`;
const isWithin = (path: string, room: string): boolean => relative(room, path).split(sep)[0] !== "..";

/** What is not there yet lies where its nearest folder that is there really lies. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    const link = await lstat(path).catch(() => null);
    if (link !== null) throw new Error(`${path} is a link to nothing`, { cause: error });
    return join(await realPathOf(dirname(path)), basename(path));
  }
}

/** @throws Error that names what is called alike, when there is nothing. */
export async function statPath({ top }: SeenFiles, path: string): Promise<Stats> {
  const stats = await stat(path).catch((error: unknown) => {
    if (systemCodeOf(error) === "ENOENT") return null;
    throw error;
  });
  if (stats === null) throw new Error(await tellMissing(top, path));
  return stats;
}

const namesComparedMax = 5000;

async function tellMissing(top: string, path: string): Promise<string> {
  const names = await readdir(dirname(path)).catch((error: unknown): string[] | null => {
    return systemCodeOf(error) === "ENOENT" ? null : [];
  });
  if (names === null) return tellMissing(top, dirname(path));
  if (isWithin(top, path)) return goneText(top);
  const missing = basename(path);
  if (names.includes(missing)) return `${path} is a link to nothing`;
  const near: string[] = [];
  const others = names.slice(0, namesComparedMax);
  const nearest = () =>
    nearestWord(
      missing,
      others.filter((name) => !near.includes(name)),
    );
  for (let name = nearest(); name !== null && near.length < 3; name = nearest()) near.push(name);
  return `${path} does not exist${near.length === 0 ? "" : `; near to it: ${near.map(showName).join(", ")}`}`;
}

/** A name may hold anything but a slash, and must not look like two. */
export const showName = (name: string): string => (/\p{Cc}/u.test(name) ? JSON.stringify(name) : name);

/** Never waits for the other end of a pipe that took a file's place. */
export const openFile = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_NONBLOCK);

/** @throws Error for what is no file. */
export async function loadFile(files: SeenFiles, path: string): Promise<LoadedFile> {
  const stats = await statPath(files, path);
  if (stats.isDirectory()) throw new Error(`${path} is a folder`);
  if (!stats.isFile()) throw new Error(`${path} is a pipe, a socket or a device, not a file`);
  await using handle = await openFile(path);
  const content = await buffer(handle.createReadStream({ start: 0, end: bytesLoadedMax, autoClose: false }));
  const isWhole = content.length <= bytesLoadedMax;
  const mark = isWhole ? hash("sha256", content) : `${stats.size} bytes of ${stats.mtimeMs}`;
  return { content, isWhole, size: isWhole ? content.length : stats.size, mark };
}

/** A file to be changed, at its real path. @throws Error when it is not as it was when the model saw it last. */
export async function loadSeen(files: SeenFiles, path: string, place: string): Promise<LoadedFile> {
  const file = await loadFile(files, place);
  const seen = files.marks.get(place);
  if (seen === undefined) throw new Error(`${path} has not been read yet: read it first, with read`);
  if (seen !== file.mark) throw new Error(`${path} has changed since it was read: read it again`);
  return file;
}

/** How files begin that are no text for these tools; of a RIFF header without the length in it. */
const beginnings: Readonly<Record<string, string>> = {
  "\x89PNG\r\n\x1a\n": "image/png",
  "\xff\xd8\xff": "image/jpeg",
  GIF8: "image/gif",
  RIFFWEBP: "image/webp",
  "\xff\xfe": "text in UTF-16",
  "\xfe\xff": "text in UTF-16",
  "%PDF-": "a PDF document",
  "\x7fELF": "an ELF program",
  "PK\x03\x04": "a zip archive",
  "\x1f\x8b": "a gzip archive",
  "SQLite format 3\0": "a SQLite database",
};
const headBytes = 8000;

/** Text, but with bytes that would not come back as they were. */
export const notUtf8 = "not UTF-8";

/** What a content is; null for text. A text may begin with the letters of a picture. */
export function foreignKind(content: Buffer): string | null {
  const head = content.toString("latin1", 0, headBytes);
  const isBinary = head.includes("\0");
  if (!isBinary && isUtf8(content)) return null;
  const plain = head.replace(/^RIFF[^]{4}/, "RIFF");
  const known = Object.keys(beginnings).find((beginning) => plain.startsWith(beginning)) ?? "";
  return beginnings[known] ?? (isBinary ? "a binary file" : notUtf8);
}

/** Whole or not at all: a new file takes the place of the old one, for those who might write that. */
export async function replaceFile(files: SeenFiles, place: string, content: Buffer): Promise<void> {
  const old = await stat(place).catch(() => null);
  if (old === null) await mkdir(dirname(place), { recursive: true });
  else await access(place, constants.W_OK);
  const partial = join(dirname(place), `.ralph-${randomUUID()}.tmp`);
  try {
    await using handle = await open(partial, "wx", old === null ? 0o644 : 0o600);
    await handle.writeFile(content);
    if (old !== null) {
      await handle.chown(old.uid, old.gid).catch(() => {});
      await handle.chmod(old.mode & 0o7777);
    }
    await rename(partial, place);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
  files.marks.set(place, hash("sha256", content));
  files.partly.delete(place);
}
