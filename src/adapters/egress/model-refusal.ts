/** Refusals of the way to the model, in the form of its API. */
import type { ServerResponse } from "node:http";
import { systemCodeOf } from "../../errors.ts";

/** Its message may hold what was sent; its code does not. */
export function answerFailure(response: ServerResponse, error: Error): void {
  if (response.headersSent) return void response.destroy();
  const why = systemCodeOf(error) ?? "connection lost";
  refuseAsModel(response, 502, `the model's server cannot be reached (${why})`);
}

const errorTypes = new Map([
  [400, "invalid_request_error"],
  [403, "permission_error"],
  [413, "request_too_large"],
]);

/** In the API's own form. Returns that nothing went out. */
export function refuseAsModel(response: ServerResponse, status: number, message: string): false {
  if (response.destroyed) return false;
  const type = errorTypes.get(status) ?? "api_error";
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ type: "error", error: { type, message: `ralphwright: ${message}` } }));
  return false;
}
