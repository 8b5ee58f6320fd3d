/** Asks the proxy for what is not listed, in every spelling of a name. */
import { connect } from "node:net";

const port = process.env["PORT"] ?? "";
const targets = [
  "127.0.0.1",
  "localhost",
  "LOCALHOST.",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "2130706433",
  "0x7f.1",
  "0177.0.0.1",
  "127.1",
  "allowed.invalid\0.127.0.0.1",
  "allowed.invalid@127.0.0.1",
  "127.0.0.1#allowed.invalid",
  "allowed.invalid%00127.0.0.1",
  "169.254.169.254",
];
const requests = targets.flatMap((name) => [
  `CONNECT ${name}:${port} HTTP/1.1\r\nHost: allowed.invalid:80\r\n\r\nsecret`,
  `GET http://${name}:${port}/secret HTTP/1.1\r\nHost: allowed.invalid\r\n\r\n`,
]);
requests.push(
  `GET http://allowed.invalid/ HTTP/1.1\r\nHost: allowed.invalid\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://127.0.0.1:${port}/secret HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  `\u0005\u0001\u0000`,
  `GET http://allowed.invalid/ HTTP/1.1\r\n${"X: y\r\n".repeat(100_000)}`,
);

const ask = (request: string): Promise<string> =>
  new Promise((end) => {
    let answer = "";
    const socket = connect("/run/ralph/egress.sock", () => socket.write(request));
    socket.setTimeout(8_000, () => socket.destroy());
    socket.on("error", (error: Error) => (answer ||= error.message));
    socket.on("data", (chunk: Buffer) => void (answer += chunk.toString("latin1")));
    socket.on("close", () => end(answer));
  });

const answers = await Promise.all(requests.map(ask));
const passed = answers.filter((answer) => /^HTTP\/1.. 2|welcome/.test(answer)).length;
const refused = answers.filter((answer) => /^HTTP\/1.. 4/.test(answer)).length;
process.stdout.write(
  `${JSON.stringify({ type: "note", text: `passed ${passed}, most refused ${refused > 10}` })}\n`,
);
process.stdout.write(`${JSON.stringify({ type: "claim", status: "complete", summary: "Done." })}\n`);
process.stdin.resume().on("end", () => process.exit(0));
