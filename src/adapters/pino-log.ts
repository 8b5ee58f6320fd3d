/** The log as JSON lines on standard error, by pino, with secrets kept out by value. */
import { destination, pino } from "pino";
import type { Log } from "../ports.ts";
import { redactor } from "./redact.ts";

export function createPinoLog(): Log {
  const logger = pino(
    {
      base: null,
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 2, sync: true }),
  );
  return {
    write(level, message, fields) {
      logger[level](redactor.value(fields ?? {}), redactor.text(message));
    },
  };
}
