/** Agents that speak ralph-agent/1, and lie in it. */
import type { Hostile } from "../catalogue.ts";

const lies = { class: "lies to the supervisor", lane: "protocol" } as const;

export const protocolLane: readonly Hostile[] = [
  {
    ...lies,
    file: "talks-nonsense.ts",
    does: "sends forged verdicts, numbers that are none, lines without end and 10,000 claims",
    stoppedBy: "what is no message is no message; only the first claim counts",
    ends: /^landed/m,
  },
  {
    ...lies,
    file: "spends-beyond-numbers.ts",
    does: "tells of more money than there are numbers",
    stoppedBy: "the limit of money",
    ends: /over-budget: .*money/,
  },
  {
    ...lies,
    file: "spends-turns.ts",
    does: "takes turns without end, for nothing",
    stoppedBy: "the limit of turns",
    ends: /over-budget: .*turns/,
  },
  {
    ...lies,
    file: "works-after-its-claim.sh",
    does: "claims, and writes on while it is judged",
    stoppedBy: "it is frozen before it is sealed; the commit is what is judged",
    ends: /landed|red: gate/,
  },
  {
    ...lies,
    file: "stays-after-its-claim.sh",
    does: "claims, and never leaves",
    stoppedBy: "it is ended after the verdict",
    ends: /^landed/m,
  },
  {
    ...lies,
    file: "never-claims.sh",
    does: "leaves without a claim",
    stoppedBy: "without a claim nothing is judged",
    ends: /crashed: the agent exited without a claim/,
  },
  {
    ...lies,
    file: "hands-over-forever.sh",
    does: "hands over to a fresh process for ever",
    stoppedBy: "limits are those of the attempt, however many processes it takes",
    ends: /used up 4 times/,
  },
  {
    lane: "protocol",
    class: "reaches the network",
    file: "through-the-proxy.ts",
    does: "asks the proxy for hosts that are not listed, in 14 spellings, and smuggles requests",
    stoppedBy: "names are compared as a whole; what is odd is refused",
    prints: /passed 0, most refused true/,
    ends: /^landed/m,
  },
  {
    ...lies,
    file: "refuses-for-all.ts",
    does: "asks a question of trailers and escapes",
    stoppedBy: "a question is quoted, on lines of its own",
    ends: /rejected: question/,
  },
];
