/** Hosts that a sandbox may reach: entries of `sandbox.egress`, hosts as programs ask for them, and whether they fit. */
import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

/** One entry of the list. */
export interface EgressRule {
  readonly host: string;
  /** Null: the usual ports of the web. */
  readonly port: number | null;
  /** `*.host`: every name below it, and not itself. */
  readonly isBelow: boolean;
  /** An address, or `localhost`, written down as such: it may be private. */
  readonly isLiteral: boolean;
}

export interface Destination {
  readonly host: string;
  readonly port: number;
}

const webPorts: readonly number[] = [80, 443];
const nameCharsMax = 253;
const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const namePattern = new RegExp(`^${label}(?:\\.${label})*$`);
/** 127.1, 0x7f000001, 2130706433: an address to one resolver or another. */
const numberAtEnd = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/** A text says what is wrong with the entry. */
export function parseEgressEntry(entry: string): EgressRule | string {
  if (entry.includes("/")) return "write the host alone, without https:// and path";
  if (entry === "*") return "* would allow every host; name those that are needed";
  const isBelow = entry.startsWith("*.");
  const found = readDestination(toAscii(entry.slice(isBelow ? 2 : 0)), 0);
  if (found === null) return "this is no host, host:port or *.host";
  const { host } = found;
  const port = found.port === 0 ? null : found.port;
  const isLiteral = isLiteralHost(host);
  if (isBelow && (isLiteral || !host.includes("."))) return "after *. write a domain, as in *.example.com";
  if (host === "localhost" && port === null) return "localhost needs its port, as in localhost:5432";
  return { host, port, isBelow, isLiteral };
}

/** No name that a server of names could lead elsewhere. */
const isLiteralHost = (host: string): boolean => host === "localhost" || host.startsWith("[") || isIPv4(host);

/** As programs ask for it. What is ASCII stays as it is: this would also take every spelling of an address. */
const toAscii = (entry: string): string =>
  entry.replace(/^[^:]*/, (host) => (/[^\x20-\x7E]/.test(host) ? domainToASCII(host) : host));

/** As `CONNECT` names it; null for anything odd. @param defaultPort where none is written. */
export function readDestination(authority: string, defaultPort: number | null): Destination | null {
  const [, written, port] = /^(\[[^\]]*\]|[^:]*)(?::([1-9]\d{0,4}))?$/.exec(authority) ?? [];
  const host = readHost(written ?? "");
  const number = port === undefined ? defaultPort : Number(port);
  return host === null || number === null || number > 65_535 ? null : { host, port: number };
}

/** The target of a request to a proxy, `http://host/path`; null for anything odd. */
export function readAbsoluteTarget(target: string): (Destination & { readonly path: string }) | null {
  const [, authority, path = ""] = /^http:\/\/([^/?#\\]+)((?:[/?][^#]*)?)$/i.exec(target) ?? [];
  const found = authority === undefined ? null : readDestination(authority, 80);
  return found === null ? null : { ...found, path: path.startsWith("/") ? path : `/${path}` };
}

/** The rule that allows it. */
export function findRule(rules: readonly EgressRule[], { host, port }: Destination): EgressRule | null {
  const fits = (rule: EgressRule): boolean =>
    (rule.isBelow ? host.endsWith(`.${rule.host}`) : host === rule.host) &&
    (rule.port === null ? webPorts.includes(port) : port === rule.port);
  return rules.find(fits) ?? null;
}

export function formatDestination({ host, port }: Destination): string {
  return `${host}:${port}`;
}

/** One spelling for each host; null for what is none. Addresses of version 6 stand in brackets. */
function readHost(text: string): string | null {
  // A letter outside of ASCII may turn into one of ASCII when its case is changed.
  if (/[^\x21-\x7E]/.test(text)) return null;
  if (text.startsWith("[")) {
    const address = text.slice(1, -1);
    return isIPv6(address) && !address.includes("%") ? new URL(`http://${text}`).hostname : null;
  }
  const name = text.toLowerCase().replace(/\.$/, "");
  if (isIPv4(name)) return name;
  const isName = name.length <= nameCharsMax && namePattern.test(name) && !numberAtEnd.test(name);
  return isName ? name : null;
}
