/** Symbolic links of a change: none may lead out of the repository. */

/** Symbolic links of a tree: path → what is written in the link. */
export type Links = ReadonlyMap<string, string>;

/** A link that leads out of the repository and did not before, told in one sentence, or null. */
export function escapingLink(after: Links, before: Links): string | null {
  for (const [path, target] of after) {
    const isOld = before.get(path) === target && leadsOut(path, before);
    if (!isOld && leadsOut(path, after)) {
      return `${path} is a symbolic link out of the repository (to ${target})`;
    }
  }
  return null;
}

/** As many links as a kernel follows before it gives up. */
const hopsMax = 40;

/** Walks a path step by step, through every link on its way, as the system would. */
function leadsOut(path: string, links: Links): boolean {
  const place: string[] = [];
  const open = path.split("/");
  let hops = 0;
  for (let step = open.shift(); step !== undefined; step = open.shift()) {
    if (step === "" || step === ".") continue;
    if (step === ".." && place.pop() === undefined) return true;
    if (step === "..") continue;
    place.push(step);
    if (place.length === 1 && step.toLowerCase() === ".git") return true;
    const target = links.get(place.join("/"));
    if (target === undefined) continue;
    hops += 1;
    if (hops > hopsMax || target.startsWith("/")) return true;
    place.pop();
    open.unshift(...target.split("/"));
  }
  return false;
}
