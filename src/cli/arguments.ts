/** What commands share on the command line: values of options, and the example at the end of a help text. */
import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../formats/duration.ts";

export const json = ["--json", "for programs: JSON on standard output"] as const;

export const logOption = (): Option =>
  new Option("--log <format>", "how progress is told on standard error")
    .choices(["auto", "plain", "json"])
    .default("auto", "plain on a terminal, else json");

export function duration(value: string): number {
  const ms = parseDuration(value);
  if (ms === null) throw new InvalidArgumentError("It takes a duration such as 45m, 90s or 2h.");
  return ms;
}

export const example = (line: string): string => `\nExample:\n  $ ${line}`;

export function wholeNumber(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError("It takes a whole number.");
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError("That number is too large.");
  return number;
}

export function amount(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) === 0)
    throw new InvalidArgumentError("It takes an amount above 0.");
  return Number(value);
}

export function percentage(value: string): number {
  const percent = wholeNumber(value);
  if (percent < 0 || percent > 100) throw new InvalidArgumentError("It takes a percentage, 0 to 100.");
  return percent;
}
