/** What a red verdict tells the agent: the first error first, trimmed, with the full log named. */
import { type GateResult, redReason } from "./verdict.ts";

/** Characters of evidence that go back to an agent: about 6,000 tokens. */
const evidenceCharsMax = 24_000;

/** One section for each red gate, the cheapest gate first; their share of the space is equal. */
export function renderEvidence(reason: string, results: readonly GateResult[]): string {
  const red = results.filter((result) => redReason(result) !== null);
  const head = `The change was judged and rejected: ${reason}\n`;
  const room = Math.max(500, Math.floor((evidenceCharsMax - head.length) / Math.max(1, red.length)) - 300);
  const sections = red.map(
    (result) =>
      `\n## Gate ${result.gate} ${redReason(result) ?? ""}\n\n` +
      `Full log: ${result.logFile}\n\n\`\`\`\n${trimOutput(result.output, room)}\n\`\`\`\n`,
  );
  return (head + sections.join("")).slice(0, evidenceCharsMax);
}

/** Words by which tools announce a failure; the line of the first one is where reading starts. */
const errorLine = /\b(error|fail(ed|ure)?|panic(ked)?|exception|traceback|assert\w*|not ok|✗|✖|×)\b|✗|✖|×/i;
const linesBefore = 3;

/**
 * Keeps the output from shortly before its first error line on; what does not fit is cut in the middle, since the
 * end usually holds the summary.
 */
function trimOutput(output: string, charsMax: number): string {
  const text = output.trim();
  if (text.length <= charsMax) return text;
  const lines = text.split("\n");
  const first = Math.max(0, lines.findIndex((line) => errorLine.test(line)) - linesBefore);
  const relevant = lines.slice(first).join("\n");
  const skipped = first === 0 ? "" : `[… ${first} lines cut …]\n`;
  const room = charsMax - skipped.length;
  if (relevant.length <= room) return skipped + relevant;
  const tailChars = Math.floor(room / 4);
  const headChars = Math.max(0, room - tailChars - 40);
  const cut = relevant.length - headChars - tailChars;
  return `${skipped}${relevant.slice(0, headChars)}\n[… ${cut} characters cut …]\n${relevant.slice(-tailChars)}`;
}
