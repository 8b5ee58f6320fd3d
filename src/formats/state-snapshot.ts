/** `snapshot.json` ↔ the state at one line of the journal: only a shortcut, so whatever is odd about it makes it void. */
import { createHash } from "node:crypto";
import type { LoopState } from "../core/state.ts";

/** Which part of the journal the state stands for. */
export interface JournalPrefix {
  readonly seq: number;
  readonly bytes: number;
  /** CRC-32 of those bytes. */
  readonly crc: number;
}

export interface StateSnapshot extends JournalPrefix {
  readonly state: LoopState;
}

/** Of the file. */
const format = 1;
/** Of `LoopState`: raise it whenever its shape or the meaning of a field changes. The test of this file notices a shape. */
export const stateVersion = 2;

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const opening = (digest: string): string => `{"digest":"${digest}","snapshot":`;
const openingLength = opening(digestOf("")).length;
const ending = "}\n";

export function formatSnapshot({ seq, bytes, crc, state }: StateSnapshot): string {
  const body = JSON.stringify({ format, stateVersion, seq, bytes, crc, state: encode(state) });
  return opening(digestOf(body)) + body + ending;
}

/** Null for a text that is not exactly what this version of the code wrote. */
export function parseSnapshot(text: string): StateSnapshot | null {
  const body = text.slice(openingLength, -ending.length);
  if (text !== opening(digestOf(body)) + body + ending) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the digest says that this program wrote it
  const read = JSON.parse(body) as StateSnapshot & { format: number; stateVersion: number };
  if (read.format !== format || read.stateVersion !== stateVersion) return null;
  const { seq, bytes, crc, state } = read;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return { seq, bytes, crc, state: decode(state) as LoopState };
}

/** What JSON lacks is written as an object with this key. */
const mark = "$";

function encode(value: unknown): unknown {
  if (value === undefined) return { [mark]: "undefined" };
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [mark]: "number", of: sayNumber(value) };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Map) return { [mark]: "map", of: encode([...value]) };
  if (value instanceof Set) return { [mark]: "set", of: encode([...value]) };
  if (mark in value) throw new Error(`a field of the state is named ${mark}`);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, encode(field)]));
}

const sayNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

function decode(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  if (mark in value) return decodeMarked(value);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, decode(field)]));
}

function decodeMarked(value: object): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encode() wrote it
  const { [mark]: kind, of } = value as { [mark]: string; of: unknown };
  if (kind === "undefined") return undefined;
  if (kind === "number") return Number(of);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encode() wrote it
  const items = decode(of) as readonly unknown[];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encode() wrote it
  return kind === "set" ? new Set(items) : new Map(items as readonly (readonly [unknown, unknown])[]);
}
