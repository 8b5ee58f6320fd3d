/**
 * Puts a boundary around every function of node:fs and node:fs/promises and every method of a file handle. The
 * functions are listed by node, not by us: what a later node brings is wrapped as well.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- it wraps functions of node, whatever their overloads are
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import type { BoundaryCounter, Passing } from "./boundary-counter.ts";
import { faultError } from "./boundary-counter.ts";
import { faultsOfFileCall, isReading, plainName } from "./boundary-order.ts";

type Call = (this: unknown, ...args: readonly unknown[]) => unknown;
type Callback = (error: Error | null, ...results: readonly unknown[]) => void;

interface Watch {
  readonly counter: BoundaryCounter;
  readonly world: string;
  /** Paths of open files: by descriptor, and by handle. */
  readonly descriptors: Map<number, string>;
  readonly handles: WeakMap<object, string>;
}

interface Around {
  readonly watch: Watch;
  /** As the trace names it: `fs`, `promises` or `handle`, and the method. */
  readonly owner: string;
  readonly method: string;
  readonly original: Call;
}

export async function wrapFiles(counter: BoundaryCounter, world: string): Promise<void> {
  const watch: Watch = { counter, world, descriptors: new Map(), handles: new WeakMap() };
  const handle = await fs.promises.open("/dev/null");
  const prototype = Object.getPrototypeOf(handle) as Record<string, unknown>;
  await handle.close();
  wrapAll(watch, "promises", fs.promises);
  wrapAll(watch, "handle", prototype);
  wrapAll(watch, "fs", fs);
}

function wrapAll(watch: Watch, owner: string, functions: Record<string, unknown>): void {
  for (const method of Object.getOwnPropertyNames(functions)) {
    const isMethod = /^[a-z]/.test(method) && !/^(?:constructor|create\w+Stream|getAsyncId)$/.test(method);
    const { value, writable } = Object.getOwnPropertyDescriptor(functions, method) ?? {};
    if (!isMethod || typeof value !== "function" || writable !== true) continue;
    functions[method] = wrap({ watch, owner, method, original: value as Call });
  }
}

function wrap(around: Around): Call {
  const { owner, method, original } = around;
  const isSync = owner === "fs" && method.endsWith("Sync");
  const wrapped: Call = function (...args) {
    const passing = enter(around, this, args);
    if (passing === null) return note(around, args, Reflect.apply(original, this, args));
    if (isSync) return callSync(around, { self: this, args, passing });
    return owner === "fs" && typeof args.at(-1) === "function"
      ? callBack(around, { self: this, args, passing })
      : callPromise(around, { self: this, args, passing });
  };
  return Object.assign(wrapped, original);
}

interface Calling {
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly passing: Passing;
}

function callSync(around: Around, { self, args, passing }: Calling): unknown {
  const { fault } = passing;
  if (fault !== null && fault !== "short") throw faultError(fault, plainName(around.method), args[0]);
  const result = Reflect.apply(around.original, self, fault === "short" ? halved(args) : args);
  passing.done();
  return note(around, args, result);
}

function callBack(around: Around, { self, args, passing }: Calling): unknown {
  const { fault } = passing;
  const callback = args.at(-1) as Callback;
  if (fault !== null && fault !== "short") {
    process.nextTick(callback, faultError(fault, plainName(around.method), args[0]));
    return undefined;
  }
  const all = fault === "short" ? halved(args) : args;
  const told: Callback = (error, ...results) => {
    passing.done();
    if (!(error instanceof Error)) note(around, args, results[0]);
    callback(error, ...results);
  };
  return Reflect.apply(around.original, self, [...all.slice(0, -1), told]);
}

function callPromise(around: Around, { self, args, passing }: Calling): unknown {
  const { fault } = passing;
  if (fault !== null && fault !== "short")
    return Promise.reject(faultError(fault, plainName(around.method), args[0]));
  const result = Reflect.apply(around.original, self, fault === "short" ? halved(args) : args);
  if (!(result instanceof Promise)) return result;
  return result.then((value: unknown) => {
    passing.done();
    return note(around, args, value);
  });
}

/** `write(fd, buffer, offset, length, …)`, with a text or a buffer; a handle has no first argument. */
function halved(args: readonly unknown[]): readonly unknown[] {
  const at = typeof args[0] === "number" ? 1 : 0;
  const text = args[at];
  const whole = typeof text === "string" ? Buffer.from(text) : (text as Buffer);
  const offset = typeof text !== "string" && typeof args[at + 1] === "number" ? (args[at + 1] as number) : 0;
  const length =
    typeof text !== "string" && typeof args[at + 2] === "number"
      ? (args[at + 2] as number)
      : whole.length - offset;
  const half = whole.subarray(offset, offset + Math.ceil(length / 2));
  const callback = args.at(-1);
  return [
    ...args.slice(0, at),
    half,
    0,
    half.length,
    null,
    ...(typeof callback === "function" ? [callback] : []),
  ];
}

/** Remembers which file a descriptor or a handle is. Returns the result. */
function note({ watch, method, owner }: Around, args: readonly unknown[], result: unknown): unknown {
  if (plainName(method) !== "open") return result;
  const path = pathOf(args[0]);
  if (typeof result === "number") watch.descriptors.set(result, path);
  else if (owner === "promises" && result instanceof Promise)
    return result.then((handle: object) => (watch.handles.set(handle, path), handle));
  else if (typeof result === "object" && result !== null) watch.handles.set(result, path);
  return result;
}

/** Null for what is none of the world's: loading code, looking at other processes. */
function enter({ watch, owner, method }: Around, self: unknown, args: readonly unknown[]): Passing | null {
  const paths = owner === "handle" ? [watch.handles.get(self as object) ?? ""] : placesOf(watch, args);
  const path = paths.find((each) => isNumbered(watch, each));
  if (path === undefined) return null;
  return watch.counter.pass({
    name: `${owner}.${method}`,
    place: placeName(path, watch.world),
    isReading: isReading(method, args[1]),
    faults: faultsOfFileCall(method, args[1]),
  });
}

function placesOf({ descriptors }: Watch, args: readonly unknown[]): readonly string[] {
  const [first, second] = args;
  if (typeof first === "number") return [first <= 2 ? "stderr" : (descriptors.get(first) ?? "")];
  return [pathOf(first), ...(typeof second === "string" || second instanceof URL ? [pathOf(second)] : [])];
}

const pathOf = (place: unknown): string =>
  place instanceof URL
    ? fileURLToPath(place)
    : Buffer.isBuffer(place) || typeof place === "string"
      ? String(place)
      : "";

/** Of other processes only that somebody looks: how many there are is no matter of the supervisor's. */
const isNumbered = ({ world }: Watch, path: string): boolean =>
  path === "stderr" || path === "/proc" || path === world || path.startsWith(`${world}/`);

/** Without what differs from run to run. */
const placeName = (path: string, world: string): string =>
  path
    .replace(`${world}/`, "")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}/g, "*")
    .replaceAll(/[0-9a-f]{12,}/g, "*");
