import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleNeutral, packagesLoadedBy } from "./bundle.ts";
import { cruiseLayers } from "./cruise-layers.ts";
import { LAYERS } from "./layers.ts";
import { PLUGIN, ROOT, runTool } from "./tools.ts";

/** A check that cannot fail proves nothing: each is shown a violation in a copy and must report exactly that. */
let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "planted-"));
});

afterEach(() => {
  rmSync(copy, { recursive: true, force: true });
});

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

/** What `from` imports, and the rule that must say so. */
const ARROWS: readonly [from: string, imported: string, rule: string][] = [
  ["plugin/src/events/x.ts", "../core/y.ts", "events imports only what lies below it"],
  ["plugin/src/events/x.ts", "node:fs", "events does not import Node"],
  ["plugin/src/core/x.ts", "../replay/y.ts", "core imports only what lies below it"],
  ["plugin/src/core/x.ts", "../runtime/y.ts", "core imports only what lies below it"],
  ["plugin/src/core/x.ts", "node:crypto", "core does not import Node"],
  ["plugin/src/core/x.ts", "pino", "core imports only what lies below it"],
  ["plugin/src/replay/x.ts", "../recorder/y.ts", "replay imports only what lies below it"],
  ["plugin/src/replay/x.ts", "node:timers", "replay does not import Node"],
  ["plugin/src/runtime/x.ts", "../baileys/y.ts", "runtime imports only what lies below it"],
  ["plugin/src/runtime/x.ts", "@whiskeysockets/baileys", "runtime imports only what lies below it"],
  [
    "plugin/src/runtime/x.ts",
    "openclaw/plugin-sdk/channel-core",
    "runtime imports only what lies below it",
  ],
  ["plugin/src/baileys/x.ts", "../channel/y.ts", "baileys imports only what lies below it"],
  ["plugin/src/baileys/x.ts", "../runtime/account.ts", "baileys imports only what lies below it"],
  ["plugin/src/journal/x.ts", "../baileys/y.ts", "journal imports only what lies below it"],
  ["plugin/src/recorder/x.ts", "../journal/y.ts", "recorder imports only what lies below it"],
  ["plugin/src/composition/x.ts", "../cli/y.ts", "composition imports only what lies below it"],
  ["plugin/src/recorder/importers/x.ts", "node:fs", "importers does not import Node"],
  ["plugin/src/recorder/importers/x.ts", "../y.ts", "importers imports only what lies below it"],
  ["plugin/src/recorder/importers/x.ts", "node:fs", "importers does not import Node"],
  ["plugin/src/explain/x.ts", "../journal/y.ts", "explain imports only what lies below it"],
  ["plugin/src/explain/x.ts", "node:fs", "explain does not import Node"],
  ["plugin/src/importing/x.ts", "../journal/y.ts", "importing imports only what lies below it"],
  ["plugin/src/importing/x.ts", "node:fs", "importing does not import Node"],
  ["plugin/src/channel/x.ts", "../baileys/y.ts", "channel imports only what lies below it"],
  ["plugin/src/channel/x.ts", "@whiskeysockets/baileys", "channel imports only what lies below it"],
  ["plugin/src/cli/x.ts", "../../../fixtures/y.ts", "cli imports only what lies below it"],
  ["plugin/index.ts", "./test/y.ts", "entries imports only what lies below it"],
  ["plugin/src/elsewhere/x.ts", "../core/y.ts", "every file belongs to a layer"],
  ["plugin/src/channel/x.ts", "./gone.ts", "everything resolves"],
  ["plugin/src/channel/x.ts", "vitest", "what ships is declared"],
  ["fixtures/x.ts", "../plugin/src/core/y.ts", "fixtures imports only what lies below it"],
  ["vscode-extension/src/model/x.ts", "vscode", "extension model imports only what lies below it"],
  ["vscode-extension/src/model/x.ts", "node:fs", "extension model does not import Node"],
  [
    "vscode-extension/src/adapter/x.ts",
    "../views/y.ts",
    "extension sources and adapter imports only what lies below it",
  ],
  [
    "vscode-extension/src/extension.ts",
    "../../plugin/src/runtime/y.ts",
    "extension in the editor imports only what lies below it",
  ],
  ["vscode-extension/webview/timeline/x.ts", "vscode", "webview imports only what lies below it"],
];

describe("the layering table", () => {
  test.each(ARROWS)("rejects %s importing %s", async (from, imported, rule) => {
    symlinkSync(join(PLUGIN, "node_modules"), join(copy, "node_modules"));
    cpSync(join(PLUGIN, "package.json"), join(copy, "plugin/package.json"));
    plant(from, `export * from "${imported}";\n`);
    if (imported.startsWith(".") && !imported.includes("gone"))
      plant(join(dirname(from), imported), "export {};\n");
    const { violations } = await cruiseLayers(copy, [from.split("/", 1)[0] ?? ""]);
    expect(violations.filter((violation) => violation.startsWith(`${rule}: ${from}`))).toHaveLength(
      1,
    );
  });

  test("is tried for every layer", () => {
    const untried = LAYERS.filter(
      ({ name }) => !ARROWS.some(([, , rule]) => rule.startsWith(`${name} `)),
    );
    expect(untried).toEqual([]);
  });

  test("rejects a cycle", async () => {
    plant("plugin/src/core/x.ts", 'import { y } from "./y.ts";\nexport const x = () => y;\n');
    plant("plugin/src/core/y.ts", 'import { x } from "./x.ts";\nexport const y = () => x;\n');
    const { violations } = await cruiseLayers(copy, ["plugin"]);
    expect(violations.filter((violation) => violation.startsWith("no cycles: "))).not.toEqual([]);
  });

  test("rejects a type-only import just the same", async () => {
    plant("plugin/src/runtime/y.ts", "export type Y = string;\n");
    plant(
      "plugin/src/core/x.ts",
      'import type { Y } from "../runtime/y.ts";\nexport const x: Y = "";\n',
    );
    const { violations } = await cruiseLayers(copy, ["plugin"]);
    expect(violations).toEqual([
      "core imports only what lies below it: plugin/src/core/x.ts -> plugin/src/runtime/y.ts",
    ]);
  });
});

test("the compiler rejects Node, timers, the DOM and the console in the core", async () => {
  for (const config of ["tsconfig.base.json", "plugin/tsconfig.core.json"])
    cpSync(join(ROOT, config), join(copy, config));
  const uses = {
    "node:fs": 'import "node:fs";\nexport const a = require("node:fs");\n',
    setTimeout: "export const a = setTimeout(() => 0, 1);\n",
    performance: "export const a = performance.now();\n",
    process: "export const a = process.env;\n",
    crypto: "export const a = crypto.randomUUID();\n",
    document: "export const a = document;\n",
    console: 'console.log("a");\nexport {};\n',
  };
  for (const [name, text] of Object.entries(uses))
    plant(`plugin/src/core/${name.replace(":", "-")}.ts`, text);
  const { status, output } = await runTool("tsc", ["-p", "plugin/tsconfig.core.json"], copy);
  expect(status).not.toBe(0);
  for (const name of Object.keys(uses)) {
    expect(output).toMatch(
      new RegExp(`src/core/${name.replace(":", "-")}\\.ts\\(\\d+,\\d+\\): error`, "u"),
    );
  }
});

test("the linter rejects the clock, chance and upward imports in the core", async () => {
  cpSync(join(ROOT, ".oxlintrc.json"), join(copy, ".oxlintrc.json"));
  const uses = {
    "no-restricted-globals": "export const a = new Date().toISOString();\n",
    "no-restricted-properties": "export const a = Math.random();\n",
    "no-restricted-imports": 'export * from "../runtime/y.ts";\n',
    "no-cycle": 'import { b } from "./no-cycle-b.ts";\nexport const a = () => b;\n',
  };
  for (const [rule, text] of Object.entries(uses)) plant(`plugin/src/core/${rule}.ts`, text);
  plant(
    "plugin/src/core/no-cycle-b.ts",
    'import { a } from "./no-cycle.ts";\nexport const b = () => a;\n',
  );
  plant("plugin/src/runtime/y.ts", "export {};\n");
  const { status, output } = await runTool("oxlint", ["--format=unix", "."], copy);
  expect(status).not.toBe(0);
  for (const rule of Object.keys(uses)) {
    expect(output).toMatch(new RegExp(`core/${rule}\\.ts:.*\\(${rule}\\)`, "u"));
  }
});

test("a promise that nobody waits for is found", async () => {
  for (const config of ["tsconfig.base.json", ".oxlintrc.json"])
    cpSync(join(ROOT, config), join(copy, config));
  cpSync(join(PLUGIN, "tsconfig.core.json"), join(copy, "tsconfig.json"));
  plant(
    "src/core/x.ts",
    "async function later(): Promise<void> {}\nexport function now(): void {\n  later();\n}\n",
  );
  plant("tsconfig.json", '{ "extends": "./tsconfig.base.json", "include": ["src"] }');
  const { output } = await runTool("oxlint", ["--type-aware", "--format=unix", "."], copy);
  expect(output).toMatch(/src\/core\/x\.ts:3:.*\(no-floating-promises\)/u);
});

test("the neutral bundle rejects Node and packages", async () => {
  plant(
    "src/core/index.ts",
    'import { readFileSync } from "node:fs";\nexport const a = readFileSync;\n',
  );
  await expect(bundleNeutral(copy, "src/core/index.ts")).rejects.toThrow(/node:fs/u);
  plant("src/core/index.ts", 'import pino from "pino";\nexport const a = pino;\n');
  await expect(bundleNeutral(copy, "src/core/index.ts")).rejects.toThrow(/pino/u);
});

test("a static import of Baileys is told from a dynamic one", async () => {
  plant(
    "src/late.ts",
    'import { proto } from "@whiskeysockets/baileys";\nexport const late = proto;\n',
  );
  plant("index.ts", 'export const later = () => import("./src/late.ts");\n');
  expect([...(await packagesLoadedBy(copy, "index.ts"))]).toEqual([]);
  plant("index.ts", 'export { late } from "./src/late.ts";\n');
  expect([...(await packagesLoadedBy(copy, "index.ts"))]).toEqual(["@whiskeysockets/baileys"]);
});
