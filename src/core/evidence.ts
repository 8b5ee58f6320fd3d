/** What a red verdict tells the agent: the first error first, trimmed, with the full log named. */
import { type GateResult, redReason } from "./verdict.ts";

/** Characters of evidence that go back to an agent: about 6,000 tokens. */
const evidenceCharsMax = 24_000;

/**
 * What is green, then one section for each red gate, the cheapest gate first; their share of the space is equal.
 *
 * @param commands Gate → what it runs.
 */
export function renderEvidence(
  reason: string,
  results: readonly GateResult[],
  commands: ReadonlyMap<string, string>,
): string {
  const red = results.filter((result) => redReason(result) !== null);
  const green = results.filter((result) => redReason(result) === null).map((result) => result.gate);
  const greenLine = green.length === 0 || red.length === 0 ? "" : `Green: ${green.join(", ")}.\n`;
  const head = `The change was judged and rejected: ${reason}\n${greenLine}`;
  const room = Math.max(500, Math.floor((evidenceCharsMax - head.length) / Math.max(1, red.length)) - 300);
  const sections = red.map((result) => {
    const command = commands.get(result.gate) ?? "";
    const ran = command === "" ? "" : `Ran: ${cutText(command, commandCharsMax)}\n`;
    // With one red gate the first line has said it already.
    const why = red.length === 1 ? "" : `: ${redReason(result) ?? ""}`;
    const failures = renderFailures(result, Math.floor(room / 2));
    const output = trimOutput(result.output, room - failures.length);
    const log = `Full log: ${result.logFile}`;
    return `\n## Gate ${result.gate}${why}\n\n${ran}${log}\n${failures}\n\`\`\`\n${output}\n\`\`\`\n`;
  });
  return (head + sections.join("")).slice(0, evidenceCharsMax).toWellFormed();
}

/** What the report says of each failed test: a gate may print nothing but that it has written one. */
function renderFailures({ report }: GateResult, charsMax: number): string {
  const tests = report?.kind === "read" ? report.tests : [];
  const told = tests.flatMap(({ name, outcome, detail }) =>
    outcome === "failed" && detail !== undefined ? [`\n### ${name}\n\n\`\`\`\n${detail}\n\`\`\`\n`] : [],
  );
  let text = "";
  for (const [i, section] of told.entries()) {
    if (text.length + section.length > charsMax - 100)
      return `${text}\n(${told.length - i} more failed tests)\n`;
    text += section;
  }
  return text;
}

const commandCharsMax = 120;
const cutText = (text: string, charsMax: number): string =>
  text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;

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
