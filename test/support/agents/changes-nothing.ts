/** Claims to be done and did nothing. */
import { claim } from "./hands.ts";

claim({ summary: "Everything was in place already; all tests pass." });
