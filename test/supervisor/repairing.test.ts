/** A journal that is broken in the middle: the run asks for a person, whose one command lets it go on. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { mainProgram } from "../support/program.ts";
import { gitEnvironment } from "../support/repository.ts";
import { createWorld, taskText } from "../support/world.ts";

it("goes on after `doctor --repair-journal`, and lands nothing twice", async ({ expect }) => {
  await using world = await createWorld();
  expect((await world.run()).status).toBe(0);
  const journal = join(world.state, "journal.jsonl");
  const text = readFileSync(journal, "utf8");
  writeFileSync(journal, text.replace('"type":"agent-stopped"', '"type":"agent-stepped"'));
  world.repository.commit("More to do", { "tasks/two.md": taskText("two") });
  const refused = await world.run();
  expect(refused.status).toBe(2);
  expect(refused.lines.join("\n")).toMatch(
    /journal\.jsonl:\d: the journal is broken(.|\n)*doctor --repair-journal/,
  );
  const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: world.state, NO_COLOR: "1" };
  const repaired = spawnSync(process.execPath, [mainProgram, "doctor", "--repair-journal"], {
    cwd: world.repository.path,
    env,
    encoding: "utf8",
  });
  expect(repaired.stdout).toMatch(
    /journal\.jsonl: \d lines kept, \d+ lines set aside in journal\.broken-\S+\.jsonl\.\n/,
  );
  expect(readdirSync(world.state).filter((name) => name.startsWith("journal.broken-"))).toHaveLength(1);
  const run = await world.run();
  expect(run.status, run.stderr).toBe(0);
  expect(run.lines.join("\n")).toMatch(
    /recovered: (attempt 1 at one was interrupted|one has landed, says git)/,
  );
  expect(world.landed().toSorted()).toEqual(["Do one", "Do two", "More to do"]);
  expect(world.leftovers()).toEqual([]);
});
