/** Which learnings the next brief carries: the newest and the most relevant, within a fixed size. */

export interface Learning {
  /** Assigned by code, `L-0143`. */
  readonly id: string;
  readonly task: string;
  /** `2026-11-20`. */
  readonly date: string;
  readonly text: string;
}

/** A rough but stable measure: four characters a token holds for English text and code. */
export const estimateTokens = (text: string): number => Math.ceil(text.length / 4);

/** The newest this many come first, whatever they are about: they describe the baseline as it is now. */
const newestCount = 5;

/**
 * Picks learnings for a task, in the order in which they were made.
 *
 * Relevance is the sum of inverse document frequencies of the words shared with the task's text (TF-IDF without
 * the term frequency: a learning is one sentence). Equal texts count once, the newest of them.
 */
export function selectLearnings(
  all: readonly Learning[],
  taskText: string,
  tokensMax: number,
): readonly Learning[] {
  const newestOf = new Map(all.map((learning) => [learning.text, learning]));
  const unique = all.filter((learning) => newestOf.get(learning.text) === learning);
  const relevance = relevanceTo(taskText, unique);
  const newest = unique.slice(-newestCount).toReversed();
  const rest = unique.slice(0, -newestCount).filter((learning) => relevance(learning) > 0);
  const ranked = [...newest, ...rest.toSorted((a, b) => relevance(b) - relevance(a))];
  const chosen = new Set<Learning>();
  let tokensLeft = tokensMax;
  for (const learning of ranked) {
    const tokens = estimateTokens(`- ${learning.id}: ${learning.text}\n`);
    if (tokens > tokensLeft) continue;
    tokensLeft -= tokens;
    chosen.add(learning);
  }
  return unique.filter((learning) => chosen.has(learning));
}

function relevanceTo(taskText: string, learnings: readonly Learning[]): (learning: Learning) => number {
  const wanted = wordsOf(taskText);
  const frequency = new Map<string, number>();
  for (const learning of learnings) {
    for (const word of wordsOf(learning.text)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  }
  const weight = (word: string): number => Math.log(1 + learnings.length / (frequency.get(word) ?? 1));
  const scores = new Map<Learning, number>();
  for (const learning of learnings) {
    const shared = [...wordsOf(learning.text)].filter((word) => wanted.has(word));
    scores.set(
      learning,
      shared.reduce((sum, word) => sum + weight(word), 0),
    );
  }
  return (learning) => scores.get(learning) ?? 0;
}

/** Words of three letters or more, lower case; identifiers count by their parts too. */
function wordsOf(text: string): ReadonlySet<string> {
  const identifiers = text.match(/[\p{L}\p{N}_]{3,}/gu) ?? [];
  const parts = identifiers.flatMap((word) => [word, ...word.split(/_|(?<=\p{Ll})(?=\p{Lu})/u)]);
  return new Set(parts.filter((part) => part.length >= 3).map((part) => part.toLowerCase()));
}

/** The id after the last one in use: `L-0143` → `L-0144`. */
export function nextLearningNumber(all: readonly Learning[]): number {
  return 1 + all.reduce((highest, { id }) => Math.max(highest, Number(id.slice(2))), 0);
}

export const learningId = (number: number): string => `L-${String(number).padStart(4, "0")}`;
