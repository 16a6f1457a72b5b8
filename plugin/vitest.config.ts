import { defineConfig } from "vitest/config";

/** Real Baileys against the simulated WhatsApp server, and real gateways, are suites of their own: they take longer. */
const baileys = ["src/baileys/**/*.test.ts", "test/baileys/**/*.test.ts"];
const gateway = ["**/*.gateway.test.ts"];
const architecture = ["test/architecture.test.ts", "test/architecture/**/*.test.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...baileys, ...gateway, ...architecture],
        },
      },
      { extends: true, test: { name: "architecture", include: architecture, testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: "baileys",
          include: baileys,
          setupFiles: ["test/baileys/quiet-libsignal.setup.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "gateway",
          include: gateway,
          setupFiles: ["test/baileys/quiet-libsignal.setup.ts"],
          // A gateway takes up to 30 s to start and 800 MB; two at once are too much for a small machine.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
