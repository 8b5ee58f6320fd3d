/** The health endpoint says whether the supervisor lives, and nothing more. */
import { expect, it } from "vitest";
import { type Health, openHealth, parseHealthPlace } from "../../../src/adapters/control/health.ts";

it("is on the loopback unless another address is named", () => {
  expect(parseHealthPlace("8080")).toEqual({ host: "127.0.0.1", port: 8080 });
  expect(parseHealthPlace("0.0.0.0:80")).toEqual({ host: "0.0.0.0", port: 80 });
  expect(parseHealthPlace("[::1]:80")).toEqual({ host: "::1", port: 80 });
  for (const text of ["", "x", "127.0.0.1", "127.0.0.1:", "1:99999", "a b:80"])
    expect(() => parseHealthPlace(text)).toThrow("--health takes an address and a port");
});

it("answers with one word, 503 for what is not healthy, and knows one path", async () => {
  let health: Health = { status: "idle", isHealthy: true };
  await using open = await openHealth({ host: "127.0.0.1", port: 0 }, () => health);
  const ask = async (path: string, method = "GET"): Promise<readonly unknown[]> => {
    const response = await fetch(`http://127.0.0.1:${open.port}${path}`, { method });
    return [response.status, await response.text()];
  };
  expect(await ask("/healthz")).toEqual([200, '{"status":"idle"}\n']);
  health = { status: "stopping", isHealthy: false };
  expect(await ask("/healthz")).toEqual([503, '{"status":"stopping"}\n']);
  expect(await ask("/status")).toEqual([404, ""]);
  expect(await ask("/healthz", "POST")).toEqual([404, ""]);
});

it("refuses an address that is taken, or that is not this machine's", async () => {
  await using open = await openHealth({ host: "127.0.0.1", port: 0 }, () => ({
    status: "idle",
    isHealthy: true,
  }));
  const look = (): Health => ({ status: "idle", isHealthy: true });
  await expect(openHealth({ host: "127.0.0.1", port: open.port }, look)).rejects.toThrow("cannot be used");
  await expect(openHealth({ host: "192.0.2.1", port: 8080 }, look)).rejects.toThrow("cannot be used");
});
