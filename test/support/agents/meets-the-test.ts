/** Tells the test that it has started, and behaves as the test then says: the test can act in the middle of an attempt. */
import { once } from "node:events";
import { connect } from "node:net";
import { task } from "./hands.ts";

const socket = connect(process.argv[2] ?? "");
socket.write(`${task}\n`);
const [answer]: unknown[] = await once(socket, "data");
socket.destroy();
await import(`./${String(answer).trim()}.ts`);
