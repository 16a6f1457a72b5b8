/**
 * What each root script runs, relative to the repository root and under the project's own Node.
 * A command whose file does not exist (yet) says so; adding the file is all it takes to make the command work.
 *
 * @typedef {{ script: string, args?: readonly string[], summary: string }} Command
 * @type {Readonly<Record<string, Command>>}
 */
export const COMMANDS = {
  start: {
    script: ".ci/start.ts",
    summary: "demonstration: a message answered, and the reported incidents",
  },
  test: { script: ".ci/test.ts", summary: "everything CI runs" },
  check: {
    script: ".ci/test.ts",
    args: ["--only", "checks"],
    summary: "format, lint, types, layers, dead code",
  },
  build: { script: ".ci/build.ts", summary: "plugin/dist and vscode-extension/dist" },
  pack: { script: ".ci/pack.ts", summary: "the plugin's tarball and the extension's .vsix" },
  replay: {
    script: "plugin/test/depths/replay.ts",
    summary: "replays incident files and compares decisions",
  },
  "whatsapp-server": {
    script: "fixtures/whatsapp-server/cli.ts",
    summary: "the simulated WhatsApp server",
  },
  compare: { script: "fixtures/compare/main.ts", summary: "ours beside the official plugin" },
  sim: { script: "plugin/test/simulation/main.ts", summary: "seeded simulation of many days" },
  bench: { script: "plugin/bench/main.ts", summary: "figures of speed and size" },
  mutants: {
    script: "plugin/test/mutants/main.ts",
    summary: "each listed mutation turns a test red",
  },
};
