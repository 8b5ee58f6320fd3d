/**
 * Gives a program in a sandbox its way out: something on the sandbox's own loopback that passes on to the socket
 * must listen before the program starts, for hardly any program knows of proxies on sockets.
 */
import { egressSocketInside, forwarderPort } from "../../formats/egress-env.ts";

/** Where socat is not installed. It needs no file of ours, so that none has to be seen inside. */
const forwarder = [
  'const net = require("node:net");',
  "const [path, port] = process.argv.slice(1);",
  "const server = net.createServer({ allowHalfOpen: true }, (client) => {",
  "  const way = net.connect({ path, allowHalfOpen: true });",
  '  client.on("error", () => way.destroy()).pipe(way);',
  '  way.on("error", () => client.destroy()).pipe(client);',
  '  client.on("close", () => client.readableEnded || way.destroy());',
  '  way.on("close", () => way.readableEnded || client.destroy());',
  "});",
  'server.listen(Number(port), "127.0.0.1");',
].join("\n");

/**
 * In a subshell, so that the forwarder is no child of the program, which may wait for all of its own; and with none of
 * the program's streams, whose end somebody waits for.
 */
const script = [
  "path=$1 port=$2 node=$3 text=$4; shift 4",
  "if command -v socat >/dev/null",
  'then ( socat -t 86400 "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "UNIX-CONNECT:$path" & ) </dev/null >/dev/null 2>&1',
  'else ( env -u NODE_OPTIONS -u NODE_USE_ENV_PROXY "$node" -e "$text" "$path" "$port" & ) </dev/null >/dev/null 2>&1',
  "fi",
  'for ((tries = 0; tries < 1000; tries++)); do (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && exec "$@"; sleep 0.005; done',
  'echo "ralphwright: the way out of the sandbox did not open; the network cannot be reached" >&2',
  'exec "$@"',
].join("\n");

/** Only for where the network is the sandbox's own: the port is the same for all. */
export function wrapEgress(command: readonly string[]): readonly string[] {
  const given = [egressSocketInside, String(forwarderPort), process.execPath, forwarder];
  return ["bash", "--norc", "-c", script, "bash", ...given, ...command];
}
