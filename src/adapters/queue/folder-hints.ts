/** Says which files of a folder may have changed. Hints only: whoever hears one reads the file. */
import { watch } from "chokidar";

export interface FolderHints extends AsyncDisposable {
  /** Paths that may have changed since the last call; null: anything may have, read everything. */
  take(): ReadonlySet<string> | null;
  /** That path may have changed; null: anything may have. */
  hint(path: string | null): void;
  /** Resolves at the next hint, or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void>;
}

/** More changes than this at once are read as a whole. */
const pathsMax = 500;
/** Some file systems (shared over a network, or into a container) tell nothing. */
const lookAgainMs = 20_000;

/** `place`: a folder with all below it, or a file. Neither need be there yet. */
export function watchPath(place: string, readAllEveryMs = lookAgainMs): FolderHints {
  let paths: Set<string> | null = null;
  let isReady = false;
  /** Across waits: who waits may be woken by others again and again. */
  let readAllMs = performance.now();
  const waiting = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };
  const note = (path: string | null): void => {
    if (path === null || (paths !== null && paths.size >= pathsMax)) paths = null;
    else paths?.add(path);
    wakeAll();
  };
  const watcher = watch(place, { ignoreInitial: true });
  watcher.on("all", (_event, path) => note(path));
  watcher.on("error", () => {
    // Out of watches, say. Without hints every read reads everything, which is slower and as true.
    isReady = false;
    note(null);
  });
  watcher.on("ready", () => {
    isReady = true;
    // What changed while the watcher looked around for the first time, it does not tell.
    note(null);
  });
  return {
    hint: note,
    take() {
      const taken = paths;
      if (taken === null) readAllMs = performance.now();
      // Before the watcher is ready it misses changes: the next read reads everything, too.
      paths = isReady ? new Set() : null;
      return taken;
    },
    wait(signal) {
      return new Promise((resolve) => {
        const leftMs = Math.max(0, readAllMs + readAllEveryMs - performance.now());
        const timer = setTimeout(() => note(null), leftMs);
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const isUnread = paths === null ? isReady : paths.size > 0;
        waiting.add(wake);
        if (signal.aborted || isUnread) return wake();
        signal.addEventListener("abort", wake, { once: true });
      });
    },
    [Symbol.asyncDispose]: () => watcher.close(),
  };
}
