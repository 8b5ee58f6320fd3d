/** Finds the known word that somebody probably meant. */
import { distance } from "fastest-levenshtein";

/** The known word nearest to `word`, or null when none is near enough to be a slip of the keyboard. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const wanted = plain(word);
  let nearest: string | null = null;
  let editsMax = editsAllowed(wanted);
  for (const candidate of known) {
    const edits = distance(wanted, plain(candidate));
    if (edits > editsMax || edits >= candidate.length) continue;
    nearest = candidate;
    editsMax = edits - 1;
  }
  return nearest;
}

/** `dependsOn`, `depends-on` and `Depends_On` all mean `depends_on`. */
const plain = (word: string): string =>
  word
    .replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, "_")
    .replaceAll("-", "_")
    .toLowerCase();

function editsAllowed(word: string): number {
  if (word.length <= 3) return 1;
  return word.length <= 6 ? 2 : Math.ceil(word.length / 3);
}
