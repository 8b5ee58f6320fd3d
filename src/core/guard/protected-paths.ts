/** Paths that decide what is judged, and repositories within the repository. */
import { allowHint } from "./change.ts";

const gitlinkMode = "160000";

export const gitlinkFinding = (path: string, mode: string | null): string | null =>
  mode === gitlinkMode
    ? `${path} is a git repository of its own inside the workspace; add its files without its .git, or not at all`
    : null;

export const protectedFinding = (path: string): string =>
  `${path} is protected; put it back, or ${allowHint(path)}`;

export const gateFileFinding = (path: string, gate: string): string =>
  `${path} is what the gate ${gate} runs; put it back, or ${allowHint(path)}`;
