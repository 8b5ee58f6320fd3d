/** Whose tasks they are: the target's, whatever a person checks out meanwhile. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { openTaskPlace } from "../../../src/adapters/queue/task-place.ts";
import type { QueueSource } from "../../../src/ports.ts";
import { createRepository, openParts } from "../../support/repository.ts";

const idsOf = async (source: QueueSource): Promise<readonly string[]> =>
  (await source.read()).tasks.map(({ id }) => id);

it("takes no task of another branch that a person checks out, and goes on with the folder when the target is back", async () => {
  using repository = createRepository({ "tasks/one.md": "# One\n" });
  using parts = openParts(join(repository.path, ".git"));
  repository.git("checkout", "-q", "-b", "other");
  repository.git("rm", "-q", "tasks/one.md");
  repository.commit("Work in progress", { "tasks/foreign.md": "# Foreign\n" });
  repository.git("checkout", "-q", "main");
  await using place = openTaskPlace(parts.git, "main", "tasks");
  repository.write("tasks/draft.md", "# Draft\n");
  expect(await idsOf(place)).toEqual(["draft", "one"]);

  repository.git("checkout", "-q", "other");
  expect(await idsOf(place)).toEqual(["one"]);
  expect(await place.readText("tasks/one.md")).toBe("# One\n");
  expect(await place.readText("tasks/foreign.md")).toBeNull();
  // Nobody has committed it anywhere: it is the same file on every branch.
  expect(await place.readText("tasks/draft.md")).toBe("# Draft\n");

  repository.git("checkout", "-q", "main");
  repository.write("tasks/one.md", "# One, edited\n");
  expect(await idsOf(place)).toEqual(["draft", "one"]);
  expect(await place.readText("tasks/one.md")).toBe("# One, edited\n");
});

it("finds a checkout that is made later", async () => {
  using repository = createRepository({ "tasks/one.md": "# One\n" });
  using parts = openParts(join(repository.path, ".git"));
  repository.git("checkout", "-q", "-b", "other");
  await using place = openTaskPlace(parts.git, "main", "tasks");
  expect(await idsOf(place)).toEqual(["one"]);
  repository.git("checkout", "-q", "main");
  repository.write("tasks/two.md", "# Two\n");
  expect(await idsOf(place)).toEqual(["one", "two"]);
});
