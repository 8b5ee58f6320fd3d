/** Which hosts an entry of `sandbox.egress` allows, however a program inside spells what it asks for. */
import { describe, expect, it } from "vitest";
import {
  findRule,
  parseEgressEntry,
  readAbsoluteTarget,
  readDestination,
} from "../../src/formats/egress-host.ts";

function allows(entry: string, authority: string): boolean {
  const rule = parseEgressEntry(entry);
  if (typeof rule === "string") throw new Error(rule);
  const destination = readDestination(authority, null);
  return destination !== null && findRule([rule], destination) !== null;
}

describe("an entry", () => {
  it.each([
    ["registry.npmjs.org", "registry.npmjs.org:443"],
    ["registry.npmjs.org", "registry.npmjs.org:80"],
    ["Registry.npmjs.org.", "REGISTRY.NPMJS.ORG.:443"],
    ["bücher.example", "xn--bcher-kva.example:443"],
    ["git.example.com:8443", "git.example.com:8443"],
    ["*.example.com", "a.b.example.com:443"],
    ["127.0.0.1:4873", "127.0.0.1:4873"],
    ["localhost:4873", "localhost:4873"],
    ["[::1]:4873", "[0:0::1]:4873"],
    ["[2606:4700::1111]", "[2606:4700:0::1111]:443"],
  ])("%s allows %s", (entry, authority) => {
    expect(allows(entry, authority)).toBe(true);
  });

  it.each([
    ["registry.npmjs.org", "registry.npmjs.org:22"],
    ["registry.npmjs.org", "evil.registry.npmjs.org:443"],
    ["registry.npmjs.org", "registry.npmjs.org.evil.example:443"],
    ["registry.npmjs.org", "evil-registry.npmjs.org:443"],
    ["registry.npmjs.org", "npmjs.org:443"],
    ["registry.npmjs.org", "registryxnpmjs.org:443"],
    ["git.example.com:8443", "git.example.com:443"],
    ["*.example.com", "example.com:443"],
    ["*.example.com", "evilexample.com:443"],
    ["kernel.org", "\u212Aernel.org:443"],
    ["127.0.0.1:4873", "localhost:4873"],
  ])("%s does not allow %s", (entry, authority) => {
    expect(allows(entry, authority)).toBe(false);
  });

  it.each([
    ["https://registry.npmjs.org", /the host alone/],
    ["registry.npmjs.org/path", /the host alone/],
    ["*", /every host/],
    ["*.com", /\*\.example\.com/],
    ["*.10.0.0.1", /\*\.example\.com/],
    ["a.*.com", /no host/],
    ["localhost", /needs its port/],
    ["host:0", /no host/],
    ["host:65536", /no host/],
    ["host:http", /no host/],
    ["user@host", /no host/],
    ["two hosts", /no host/],
    ["127.1", /no host/],
    ["0x7f.1", /no host/],
    ["", /no host/],
  ])("%j is told to be wrong", (entry, told) => {
    expect(parseEgressEntry(entry)).toMatch(told);
  });
});

describe("what a program asks for", () => {
  const odd = [
    "good.example\0.evil.example:443",
    "good.example%00.evil.example:443",
    "user@good.example:443",
    "good.example:443@evil.example:443",
    "good.example:443:443",
    "good.example:0443",
    "good.example:+443",
    "good.example: 443",
    "good.example",
    "good.example:",
    ":443",
    ".good.example:443",
    "good.example..:443",
    "good..example:443",
    "-good.example:443",
    "good.example/:443",
    "good.example#:443",
    "good.example\\:443",
    "[good.example]:443",
    "[::1%25lo]:443",
    "::1:443",
    `${"a".repeat(64)}.example:443`,
    `${"a.".repeat(126)}example:443`,
    // Addresses in other spellings.
    "2130706433:443",
    "0x7f000001:443",
    "0x7f.0.0.1:443",
    "0177.0.0.1:443",
    "127.1:443",
    "127.0.0.01:443",
    "1.2.3.4.5:443",
    "foo.0x:443",
  ];
  it.each(odd)("is not understood: %j", (authority) => {
    expect(readDestination(authority, null)).toBeNull();
  });

  it("has one spelling for each address of version 6, a mapped one too", () => {
    expect(readDestination("[::FFFF:127.0.0.1]:443", null)?.host).toBe("[::ffff:7f00:1]");
  });

  it.each([
    ["http://good.example/a?b", { host: "good.example", port: 80, path: "/a?b" }],
    ["HTTP://good.example:8080", { host: "good.example", port: 8080, path: "/" }],
    ["http://good.example?b", { host: "good.example", port: 80, path: "/?b" }],
    ["https://good.example/", null],
    ["http://user:secret@good.example/", null],
    ["http://good.example\\@evil.example/", null],
    ["http://good.example#@evil.example/", null],
    ["http:/good.example/", null],
    ["//good.example/", null],
    ["/v1/messages", null],
  ])("as a whole address: %s", (target, found) => {
    expect(readAbsoluteTarget(target)).toEqual(found);
  });
});
