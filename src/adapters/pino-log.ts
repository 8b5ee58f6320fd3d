/** The log as JSON lines on standard error, by pino, with secrets kept out by value. */
import { destination, pino } from "pino";
import type { Log } from "../ports.ts";
import { redactor } from "./redact.ts";

export function createPinoLog(): Log {
  const out = destination({ fd: 2, sync: true });
  // Whoever read the log has gone: that must not stop a night's work.
  out.on("error", () => {});
  const logger = pino(
    {
      base: null,
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  );
  return {
    write(level, message, fields) {
      logger[level](redactor.value(fields ?? {}), redactor.text(message));
    },
  };
}
