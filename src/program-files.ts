/** Where the program itself lies: its sources in a checkout, a bundle of them in a package. Nothing else knows of the two. */
import { dirname, extname, join } from "node:path";

/** `src` or `dist`: the bundle has this module at its top, and `scripts/bundle.ts` sees to it. */
export const programFolder = import.meta.dirname;

/** The checkout or the package: the manifest is there, and `bin`. */
export const installationFolder = dirname(programFolder);

/** A program that is started by itself, by its place in `src` without the ending. */
export const entryOf = (place: string): string =>
  join(programFolder, `${place}${extname(import.meta.filename)}`);
