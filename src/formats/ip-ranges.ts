/** Which addresses belong to the public internet: all others are this machine's, its network's, or nobody's. */
import { BlockList, isIP } from "node:net";

/** By IANA's registries of special addresses, and one that a cloud uses for its machines' own agent. */
const notPublicIpv4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  // Among them 169.254.169.254, where clouds give their machines' credentials away.
  "169.254.0.0/16",
  "168.63.129.16/32",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/** Of version 6 only these are in public use; the second list is taken out of it: ways to addresses of version 4. */
const globalIpv6 = ["2000::/3"];
const notPublicIpv6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const listOf = (ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList => {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
};

const refusedIpv4 = listOf(notPublicIpv4, "ipv4");
const takenIpv6 = listOf(globalIpv6, "ipv6");
const refusedIpv6 = listOf(notPublicIpv6, "ipv6");

/** False for what is no address, too. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !refusedIpv4.check(address, "ipv4");
  return isIP(address) === 6 && takenIpv6.check(address, "ipv6") && !refusedIpv6.check(address, "ipv6");
}
