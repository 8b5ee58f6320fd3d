/** TOML text → its tables. */
import { parse } from "smol-toml";

/** Null where it is no TOML. */
export function parseToml(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch {
    return null;
  }
}
