import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 30_000,
    projects: [{ extends: true, test: { name: "scripts", include: ["*.test.ts"] } }],
  },
});
