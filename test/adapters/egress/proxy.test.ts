/** What gets through the proxy and what does not, with the very bytes that somebody inside would send. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createRawServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { contain, run, say, startCanary, startProxy, type TestProxy } from "../../support/egress.ts";

const get = (target: string, host = new URL(target).host): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

/** As `http.get` behind a tunnel: what the canary says comes after the proxy's own head. */
async function throughTunnel(proxy: TestProxy, authority: string): Promise<string> {
  const line = connect(proxy.socket).on("error", () => {});
  line.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let heard = "";
  line.on("data", (bytes) => {
    if (heard === "" && bytes.toString().startsWith("HTTP/1.1 200")) line.write("GET / HTTP/1.1\r\n\r\n");
    heard += bytes.toString();
  });
  await once(line, "close");
  return heard;
}

describe("a host on the list", () => {
  it("is reached through a tunnel", async () => {
    await using canary = await startCanary();
    await using proxy = await startProxy([`127.0.0.1:${canary.port}`]);
    expect(await throughTunnel(proxy, `127.0.0.1:${canary.port}`)).toContain("canary");
    expect(proxy.refused).toEqual([]);
  });

  it("is reached with a plain request, whose body and end are those of the client", async () => {
    const seen: { head: IncomingMessage; body: string }[] = [];
    await using upstream = await serve(async (request, answer) => {
      let body = "";
      for await (const piece of request) body += String(piece);
      seen.push({ head: request, body });
      answer("hello\n");
    });
    await using proxy = await startProxy([`localhost:${upstream.port}`]);
    const line = `POST http://localhost:${upstream.port}/a?b=c HTTP/1.1\r\nHost: localhost:${upstream.port}\r\n`;
    const heads = "Connection: close, X-Gone\r\nX-Gone: 1\r\nProxy-Authorization: Basic x\r\nX-Kept: 1\r\n";
    const heard = await say(
      proxy.socket,
      `${line}${heads}Transfer-Encoding: chunked\r\n\r\n5\r\nbytes\r\n0\r\n\r\n`,
    );
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*hello\n/);
    expect(seen.map(({ head, body }) => [head.method, head.url, body])).toEqual([
      ["POST", "/a?b=c", "bytes"],
    ]);
    expect(seen[0]?.head.headers).toMatchObject({ "x-kept": "1", host: `localhost:${upstream.port}` });
    expect(Object.keys(seen[0]?.head.headers ?? {})).not.toContain("x-gone");
    expect(Object.keys(seen[0]?.head.headers ?? {})).not.toContain("proxy-authorization");
  });

  it("that cannot be reached is no refusal", async () => {
    const canary = await startCanary();
    await canary[Symbol.asyncDispose]();
    await using proxy = await startProxy([`127.0.0.1:${canary.port}`]);
    expect(await throughTunnel(proxy, `127.0.0.1:${canary.port}`)).toMatch(
      /^HTTP\/1\.1 502 .*[\s\S]*ECONNREFUSED/,
    );
    expect(proxy.refused).toEqual([]);
  });
});

describe("a host that is not on the list", () => {
  it("is refused, and the answer says which host it is and where to allow it", async () => {
    await using proxy = await startProxy(["good.example"]);
    const heard = await say(
      proxy.socket,
      "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    );
    expect(heard).toMatch(/^HTTP\/1\.1 403 Refused by sandbox\.egress\r\n/);
    expect(heard).toContain(
      "This sandbox may not reach evil.example:443. If it should: add it to sandbox.egress",
    );
    expect(await say(proxy.socket, get("http://evil.example/"))).toContain("may not reach evil.example:80");
    expect(proxy.refused).toEqual(["evil.example:443", "evil.example:80"]);
  });

  it("is refused when a name on the list leads to a private address, which is asked for once only", async () => {
    await using canary = await startCanary();
    const asked: string[] = [];
    const resolve = (host: string) => {
      asked.push(host);
      // Where names change: the second answer would be another one.
      return Promise.resolve([
        { address: asked.length > 1 ? "1.1.1.1" : "127.0.0.1", family: 4 },
        { address: "::1", family: 6 },
        { address: "169.254.169.254", family: 4 },
      ]);
    };
    await using proxy = await startProxy([`good.example:${canary.port}`], {
      outside: { environment: {}, resolve },
    });
    const heard = await throughTunnel(proxy, `good.example:${canary.port}`);
    expect(heard).toContain(`good.example:${canary.port}: the name leads to a private address`);
    expect(asked).toEqual(["good.example"]);
    expect(canary.touched).toEqual([]);
    expect(proxy.refused).toEqual([`good.example:${canary.port}`]);
  });

  it("is not reached where its address comes only with a second answer", async () => {
    // In a network of its own, where the public address of the first answer cannot be reached.
    const module = new URL("../../../src/adapters/egress/dial.ts", import.meta.url).href;
    const { stdout, stderr } = await run(
      contain(null, [process.execPath, "--input-type=module", "-e", rebinding, module]),
    );
    expect([stdout, stderr]).toEqual(["failed, asked once, touched never\n", ""]);
  });

  it("is not asked where the header denies the host of the line", async () => {
    let requests = 0;
    await using upstream = await serve((_, answer) => {
      requests += 1;
      answer("ok");
    });
    await using proxy = await startProxy([`localhost:${upstream.port}`]);
    expect(await say(proxy.socket, get(`http://localhost:${upstream.port}/`, "good.example"))).toMatch(
      /^HTTP\/1\.1 400/,
    );
    expect(requests).toBe(0);
  });

  it.each([
    ["a null byte", (port: number) => `CONNECT localhost\0.good.example:${port} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ["an address", (port: number) => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ["an address as one number", (port: number) => `CONNECT 2130706433:${port} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ["an address of version 6", (port: number) => `CONNECT [::1]:${port} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ["a mapped address", (port: number) => `CONNECT [::ffff:127.0.0.1]:${port} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [
      "a user before the host",
      (port: number) => get(`http://good.example@127.0.0.1:${port}/`, "good.example"),
    ],
    ["another host in the header", (port: number) => get("http://good.example/", `127.0.0.1:${port}`)],
    ["no host at all", (port: number) => get("http://x/", `127.0.0.1:${port}`).replace("http://x", "")],
    [
      "a path upwards",
      (port: number) => `GET //127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    ],
    ["SOCKS", () => "\x05\x01\x00"],
    ["SOCKS 4", () => "\x04\x01\x00\x50\x7f\x00\x00\x01\x00"],
    ["another version", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    [
      "two lengths",
      (port: number) =>
        `POST http://good.example/ HTTP/1.1\r\nHost: good.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get(`http://127.0.0.1:${port}/`)}`,
    ],
    ["headers without end", () => `GET http://good.example/ HTTP/1.1\r\nX: ${"x".repeat(100_000)}`],
  ])("is not reached with %s", async (_, bytes) => {
    await using canary = await startCanary();
    await using proxy = await startProxy(["good.example"]);
    const heard = await say(proxy.socket, bytes(canary.port));
    expect(heard).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(canary.touched).toEqual([]);
  });

  it("is not reached by a second request on the connection of an allowed one", async () => {
    await using canary = await startCanary();
    await using upstream = await serve((_, answer) => answer("allowed\n"));
    await using proxy = await startProxy([`localhost:${upstream.port}`]);
    const first = get(`http://localhost:${upstream.port}/`).replace("Connection: close\r\n", "");
    const heard = await say(proxy.socket, `${first}${get(`http://127.0.0.1:${canary.port}/`)}`);
    expect(heard).toMatch(/allowed[\s\S]*HTTP\/1\.1 403 /);
    expect(canary.touched).toEqual([]);
  });

  it("gets no second request that hides in the body of the first: the body keeps its frame", async () => {
    let heard = "";
    const upstream = createRawServer((socket) => {
      socket.on("data", (bytes) => {
        heard += bytes.toString();
        if (heard.includes("0\r\n\r\n")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      });
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
    const { port } = upstream.address() as AddressInfo;
    await using proxy = await startProxy([`127.0.0.1:${port}`], { limits: { idleMsMax: 2_000 } });
    const hidden = `POST /hidden HTTP/1.1\r\nHost: x\r\n\r\n`;
    const body = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    const head = get(`http://127.0.0.1:${port}/`).replace(/\r\n$/, "Transfer-Encoding: chunked\r\n\r\n");
    await say(proxy.socket, `${head}${body}`);
    upstream.close();
    expect(heard).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    expect(heard).toMatch(/transfer-encoding: chunked/i);
    expect(heard.slice(heard.indexOf("\r\n\r\n") + 4)).toBe(body);
  });
});

describe("the user's own proxy", () => {
  it("is asked for the tunnel, with its login, and resolves the name itself", async () => {
    await using canary = await startCanary();
    const asked: string[] = [];
    await using upstream = await serve(() => {});
    upstream.server.on("connect", (request: IncomingMessage, socket: Socket) => {
      asked.push(`${request.url} ${request.headers["proxy-authorization"]}`);
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const way = connect(canary.port, "127.0.0.1");
      way.pipe(socket).on("error", () => {});
      socket.pipe(way);
    });
    const environment = {
      HTTPS_PROXY: `http://me:pass%20word@127.0.0.1:${upstream.port}`,
      NO_PROXY: ".corp.example",
    };
    await using proxy = await startProxy(["good.example"], { outside: { environment } });
    expect(await throughTunnel(proxy, "good.example:443")).toContain("canary");
    expect(asked).toEqual([`good.example:443 Basic ${btoa("me:pass word")}`]);
    expect(await throughTunnel(proxy, "evil.example:443")).toMatch(/^HTTP\/1\.1 403/);
    expect(asked).toHaveLength(1);
  });
});

describe("whoever wears it out", () => {
  it("is cut off with headers that never end, and a thousand of them leave it as it was", async () => {
    await using upstream = await serve((_, answer) => answer("alive\n"));
    await using proxy = await startProxy([`localhost:${upstream.port}`], {
      limits: { headerMsMax: 400, connectionsMax: 64 },
    });
    const slow = Array.from({ length: 1_000 }, () =>
      say(proxy.socket, "GET http://localhost/ HTTP/1.1\r\nX: "),
    );
    await Promise.all(slow);
    expect(await say(proxy.socket, get(`http://localhost:${upstream.port}/`))).toContain("alive");
  });

  it("is cut off when nothing moves", async () => {
    await using canary = await startCanary();
    await using proxy = await startProxy([`127.0.0.1:${canary.port}`], { limits: { idleMsMax: 200 } });
    const line = `CONNECT 127.0.0.1:${canary.port} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await say(proxy.socket, line)).toMatch(/^HTTP\/1\.1 200/);
  });

  it.each(["a plain request", "a tunnel"])(
    "cannot fill the memory with what nobody reads, by %s",
    async (way) => {
      const endless = Buffer.alloc(1024 * 1024);
      let written = 0;
      await using upstream = await serve((_, __, response) => {
        const more = (): void => {
          for (let free = true; free && written < 200 * endless.length; written += endless.length)
            free = response.write(endless);
        };
        response.on("drain", more);
        more();
        filled.resolve();
      });
      const filled = Promise.withResolvers<void>();
      await using proxy = await startProxy([`localhost:${upstream.port}`]);
      const line = connect(proxy.socket).on("error", () => {});
      line.pause();
      const host = `localhost:${upstream.port}`;
      const tunnel = `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n${get("http://x/").replace("http://x", "")}`;
      line.write(way === "a tunnel" ? tunnel : get(`http://${host}/`));
      await filled.promise;
      // What does not move any more is held by somebody.
      for (let before = -1; before !== written; await new Promise((resolve) => setTimeout(resolve, 100)))
        before = written;
      expect(written).toBeLessThan(100 * endless.length);
      line.destroy();
    },
  );

  it("ends with the supervisor, tunnels and all", async () => {
    await using canary = await startCanary();
    const proxy = await startProxy([`127.0.0.1:${canary.port}`]);
    const line = connect(proxy.socket).on("error", () => {});
    line.write(`CONNECT 127.0.0.1:${canary.port} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(line, "data");
    const closed = once(line, "close");
    await proxy[Symbol.asyncDispose]();
    await closed;
    expect(await say(proxy.socket, "GET / HTTP/1.1\r\n\r\n")).toBe("");
  });
});

/** The name leads to a public address at first, and to this machine when it is asked for again. */
const rebinding = `
import { once } from "node:events";
import { createServer } from "node:net";
const { dial } = await import(process.argv[1]);
let touched = "never";
let asked = 0;
const canary = createServer((socket) => {
  touched = "once";
  socket.on("error", () => {}).end();
}).listen(0, "127.0.0.1");
await once(canary, "listening");
const { port } = canary.address();
const resolve = async () => {
  asked += 1;
  return [{ address: asked === 1 ? "1.1.1.1" : "127.0.0.1", family: 4 }];
};
const rule = { host: "good.example", port, isBelow: false, isLiteral: false };
const { kind } = await dial({ host: "good.example", port }, rule, { environment: {}, resolve });
console.log(kind + ", asked " + (asked === 1 ? "once" : "again") + ", touched " + touched);
process.exit();
`;

type Serve = (
  request: IncomingMessage,
  answer: (text: string) => void,
  response: ServerResponse,
) => void | Promise<void>;

async function serve(answer: Serve) {
  const server = createServer((request, response) => {
    request.on("error", () => {});
    void answer(request, (text) => void response.end(text), response);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  return {
    port,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
