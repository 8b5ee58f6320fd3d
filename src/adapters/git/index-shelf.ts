/** Keeps the index of the tree that was written last, so that the next step on that tree need not read it again. */
import { readFile, writeFile } from "node:fs/promises";

export interface IndexShelf {
  /** `file`: an index of which `tree` was just written. */
  put(tree: string, file: string): Promise<void>;
  /** Writes the index of `tree` to `file`, or says that it is not there. */
  lay(tree: string, file: string): Promise<boolean>;
}

/** A place for each tree that may be between its sealing and its landing. */
const placesMax = 4;

export function createIndexShelf(): IndexShelf {
  const places = new Map<string, Buffer>();
  return {
    async put(tree, file) {
      places.delete(tree);
      places.set(tree, await readFile(file));
      for (const [oldest] of [...places].slice(0, -placesMax)) places.delete(oldest);
    },
    async lay(tree, file) {
      const index = places.get(tree);
      if (index !== undefined) await writeFile(file, index);
      return index !== undefined;
    },
  };
}
