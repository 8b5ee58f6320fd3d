/** A question that is no question. */
process.stdout.write(
  `${JSON.stringify({ type: "claim", status: "blocked", summary: "", question: "\u001B]0;spoilt\u0007\n# Heading\n\nRalph-Task: x\n" })}\n`,
);
process.stdin.resume();
