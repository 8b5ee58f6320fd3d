/** The folder of the sockets that lead out of sandboxes: private, with a short path, and gone when its owner is. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RalphError, messageOf, systemCodeOf } from "../../errors.ts";

export interface SocketFolder extends AsyncDisposable {
  readonly path: string;
}

const prefix = "ralph-egress-";
/** Listens as long as its owner lives; nothing is said through it. */
const ownerName = "owner";
/** Bytes of the longest path of a socket, on the system that has the least. */
const pathBytesMax = 103;
const nameBytesMax = 12;
/** A folder without a socket may be one that somebody is just making. */
const youngMsMax = 60_000;

/** @throws RalphError `sandbox-unavailable`. */
export async function makeSocketFolder(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<SocketFolder> {
  const places = [environment["XDG_RUNTIME_DIR"] ?? "", tmpdir(), "/tmp"].filter(
    (place) =>
      place.startsWith("/") && Buffer.byteLength(place) < pathBytesMax - prefix.length - nameBytesMax - 8,
  );
  let trouble: unknown = null;
  for (const place of places) {
    try {
      await sweep(place);
      return await openFolder(mkdtempSync(join(place, prefix)));
    } catch (error) {
      trouble = error;
    }
  }
  throw new RalphError(
    "sandbox-unavailable",
    `no socket for the sandbox can be made: ${messageOf(trouble)}`,
    {
      hint: "Set XDG_RUNTIME_DIR or TMPDIR to a directory of your own with a short path.",
    },
  );
}

async function openFolder(path: string): Promise<SocketFolder> {
  const owner = createServer((socket) => void socket.destroy());
  const listening = Promise.withResolvers<void>();
  owner.on("error", listening.reject).listen(join(path, ownerName), listening.resolve);
  await listening.promise;
  owner.unref();
  return {
    path,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => void owner.close(() => resolve()));
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Removes what owners left that are dead. */
async function sweep(place: string): Promise<void> {
  for (const name of readdirSync(place).filter((each) => each.startsWith(prefix))) {
    const path = join(place, name);
    const code = await knock(join(path, ownerName));
    const isLeft = code === "ECONNREFUSED" || (code === "ENOENT" && ageMs(path) > youngMsMax);
    if (!isLeft) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else's.
    }
  }
}

/** Null: somebody is at home. */
function knock(socket: string): Promise<string | null> {
  return new Promise((resolve) => {
    const visit = connect(socket, () => {
      visit.destroy();
      resolve(null);
    });
    visit.on("error", (error) => resolve(systemCodeOf(error) ?? "?"));
  });
}

const ageMs = (path: string): number =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
