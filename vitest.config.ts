import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

/** Small files that take minutes, as each of their tests compiles something: last, they would run alone. */
const long = ["test/cheats/go.test.ts", "test/cheats/javascript.test.ts"];
const isLong = ({ moduleId }: TestSpecification): boolean => long.some((file) => moduleId.endsWith(file));

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array, but what vitest calls by this name
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/session.ts"],
    exclude: ["test/fixtures/**", "test/clients/**"],
    sequence: { sequencer: LongFirst },
    // Most tests wait for processes of their own.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
