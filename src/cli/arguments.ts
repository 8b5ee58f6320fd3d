/** What commands share on the command line: values of options, and the example at the end of a help text. */
import { InvalidArgumentError } from "commander";

export const example = (line: string): string => `\nExample:\n  $ ${line}`;

export function wholeNumber(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(value);
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
