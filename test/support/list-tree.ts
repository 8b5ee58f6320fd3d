/** Everything in a folder, by a walk of its own: path, type, permissions, content. Names are taken byte by byte. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** One line for each entry, sorted; `skip` are names directly in it. */
export function listTree(top: string, skip: readonly string[] = [".git"]): readonly string[] {
  const lines: string[] = [];
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const name of readdirSync(Buffer.from(join(top, folder), "latin1"), { encoding: "latin1" })) {
      if (folder === "" && skip.includes(name)) continue;
      const path = join(folder, name);
      const place = Buffer.from(join(top, path), "latin1");
      const stats = lstatSync(place);
      const content = stats.isSymbolicLink()
        ? readlinkSync(place)
        : stats.isFile()
          ? createHash("sha1").update(readFileSync(place)).digest("hex")
          : "";
      lines.push(`${stats.mode.toString(8)} ${path} ${content}`);
      if (stats.isDirectory()) open.push(path);
    }
  }
  return lines.toSorted();
}
