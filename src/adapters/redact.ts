/** The one redactor of this process: it knows the secrets of its own environment. */
import { createRedactor } from "../formats/redact.ts";

/** For what this process itself knows. */
export const redactor = createRedactor(process.env);
