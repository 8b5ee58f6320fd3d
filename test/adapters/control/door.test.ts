/** The control door as callers of all kinds meet it. */
import { once } from "node:events";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callDoor } from "../../../src/adapters/control/door-call.ts";
import { openDoor } from "../../../src/adapters/control/door.ts";
import { RalphError } from "../../../src/errors.ts";
import { makeFolder } from "../../support/repository.ts";

const routes = {
  "GET /status": () => ({ isFine: true }),
  "POST /echo": (body: unknown) => ({ body }),
  "POST /refuse": () => {
    throw new RalphError("usage", "how: expected something else");
  },
};

interface Place extends Disposable {
  readonly file: string;
}

function place(...below: readonly string[]): Place {
  const folder = makeFolder("door");
  const path = join(folder, ...below);
  mkdirSync(path, { recursive: true });
  return { file: join(path, "control.sock"), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** What a caller that writes these bytes is answered, all of it. */
async function say(file: string, text: string): Promise<string> {
  const socket = connect(file);
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  socket.on("error", () => {});
  socket.write(text);
  await once(socket, "close");
  return heard;
}

it("answers callers, and is for its owner alone", async () => {
  using at = place();
  await using door = await openDoor(at.file, routes);
  void door;
  expect(statSync(at.file).mode & 0o777).toBe(0o600);
  expect(await callDoor(at.file, { route: "GET /status" })).toEqual({ isFine: true });
  expect(await callDoor(at.file, { route: "POST /echo", body: { a: [1] } })).toEqual({ body: { a: [1] } });
});

it("works in a folder whose name is longer than a socket's may be", async () => {
  using at = place("x".repeat(100), "y".repeat(100));
  await using door = await openDoor(at.file, routes);
  void door;
  expect(statSync(at.file).isSocket()).toBe(true);
  expect(await callDoor(at.file, { route: "GET /status" })).toEqual({ isFine: true });
});

it("takes the place of a socket that was left behind, and leaves none", async () => {
  using at = place();
  const left = createServer().listen(at.file);
  await once(left, "listening");
  // Whoever is killed leaves the file: renamed away and back, its own server cannot remove it.
  writeFileSync(`${at.file}.note`, "");
  {
    await using door = await openDoor(at.file, routes);
    void door;
    expect(await callDoor(at.file, { route: "GET /status" })).toEqual({ isFine: true });
  }
  left.close();
  expect(statSync(at.file, { throwIfNoEntry: false })).toBeUndefined();
});

it("says that nobody is there where there is no socket, or one of nobody", async () => {
  using at = place();
  expect(await callDoor(at.file, { route: "GET /status" })).toBeNull();
  writeFileSync(at.file, "no socket\n");
  expect(await callDoor(at.file, { route: "GET /status" })).toBeNull();
});

it("names what is wrong with a call", async () => {
  using at = place();
  await using door = await openDoor(at.file, routes);
  void door;
  const call = (route: string): Promise<unknown> => callDoor(at.file, { route, body: {} });
  await expect(call("POST /refuse")).rejects.toThrow("the supervisor refused: how: expected something else");
  await expect(call("POST /nothing")).rejects.toThrow("there is nothing here");
  await expect(call("POST /constructor")).rejects.toThrow("there is nothing here");
  await expect(call("DELETE /status")).rejects.toThrow("/status does not take DELETE");
});

it("reads no body without end, and none that is not JSON", async () => {
  using at = place();
  await using door = await openDoor(at.file, routes);
  void door;
  const post = (body: string): string =>
    `POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  expect(await say(at.file, post("{"))).toContain("the body is not JSON");
  expect(await say(at.file, post("x".repeat(100_000)))).toContain("413");
  expect(await say(at.file, "nonsense\r\n\r\n")).toContain("400 Bad Request");
  expect(await callDoor(at.file, { route: "GET /status" })).toEqual({ isFine: true });
});

it("is not held up by callers who say nothing, and closes on them", async () => {
  using at = place();
  const door = await openDoor(at.file, routes);
  const mute = Array.from({ length: 10 }, () => connect(at.file));
  await Promise.all(mute.map((socket) => once(socket, "connect")));
  const closed = mute.map((socket) =>
    once(
      socket.on("error", () => {}),
      "close",
    ),
  );
  for (const socket of mute) socket.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{");
  expect(await callDoor(at.file, { route: "GET /status" })).toEqual({ isFine: true });
  await door[Symbol.asyncDispose]();
  await Promise.all(closed);
});
