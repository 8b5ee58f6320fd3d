import { defineConfig } from "vitest/config";

/** Agents of others, as they are published: they take room and time, so `npm test` does without them. */
export default defineConfig({
  test: {
    include: ["test/clients/**/*.test.ts"],
    globalSetup: ["test/clients/find-claude.ts"],
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
