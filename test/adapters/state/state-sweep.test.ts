/** What a killed supervisor left half-made is removed, and nothing else. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { locateState, makeState } from "../../../src/adapters/state/state-folder.ts";
import { sweepState } from "../../../src/adapters/state/state-sweep.ts";
import { listTree } from "../../support/list-tree.ts";
import { makeFolder } from "../../support/repository.ts";

it("removes what is half-made, by whatever name, and leaves the rest", () => {
  const path = makeFolder("sweep");
  const state = locateState(
    { gitDir: join(path, "git"), top: null, name: "words" },
    { RALPH_STATE_DIR: path },
  );
  makeState(state);
  expect(sweepState(state)).toBe(0);
  const id = "01234567-0123-0123-0123-0123456789ab";
  const mine = [
    "journal.jsonl",
    "snapshot.json",
    "lease.json",
    "ballast",
    "drill.json",
    "passes/a.json",
    `lease.json.${id}`,
  ];
  const left = [
    `snapshot.json.${id}.partial`,
    "ballast.partial",
    `passes/${id}.partial`,
    "scratch/reports/r/report.xml",
  ];
  const old = [`lease.json.after-0123456789ab.${id}`, `drill.json.${id}`];
  for (const name of [...mine, ...left, ...old]) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), "");
  }
  for (const name of old) utimesSync(join(path, name), 1, 1);
  expect(sweepState(state)).toBe(left.length + old.length);
  const files = listTree(path).flatMap((line) =>
    line.startsWith("100644 ") ? [line.split(" ")[1] ?? ""] : [],
  );
  expect(files.toSorted()).toEqual(mine.toSorted());
  rmSync(path, { recursive: true });
});
