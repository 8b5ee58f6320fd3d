/** From journaled events to the state that they lead to. */
import type { LoopEvent } from "./message.ts";
import { emptyState, type LoopState } from "./state.ts";
import { transition } from "./transition.ts";

/** @throws InvariantError for events that cannot follow each other, or `from`. */
export function replay(
  records: readonly { readonly event: LoopEvent; readonly atMs: number }[],
  from: LoopState = emptyState,
): LoopState {
  return records.reduce((state, { event, atMs }) => transition(state, event, { nowMs: atMs })[0], from);
}
