/**
 * The extension in a real VS Code: the integration suite through @vscode/test-electron's own `runTests()`, then the pictures. Ends with a line
 * `N passed, N failed`. `--desktop` uses a downloaded desktop VS Code instead of the server; `--only suite`, `--only ui` or `--only debugger` runs one part.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";
import { ensureBrowser, ensureServer, EnvironmentProblem } from "./harness/environment.ts";
import { writeSamples } from "./harness/sample-files.ts";
import { runPictures } from "./ui/pictures.ts";

const root = resolve(import.meta.dirname, "..");
const BAD_ENVIRONMENT = 2;

interface Counts {
  passed: number;
  failed: number;
}

const { values } = parseArgs({
  options: {
    desktop: { type: "boolean" },
    only: { type: "string" },
    shots: { type: "string", default: join(root, "node_modules/.cache/pictures") },
  },
});

try {
  const counts: Counts = { passed: 0, failed: 0 };
  if (values.desktop !== true) {
    ensureServer();
    ensureBrowser();
  }
  spawnSync(process.execPath, ["build.ts"], { cwd: root, stdio: "inherit" });
  const workspace = mkdtempSync(join(tmpdir(), "editor-suite-"));
  try {
    writeSamples(workspace);
    if (values.only !== "ui" && values.only !== "debugger") await runSuite(workspace, counts);
    if (values.only !== "suite" && values.desktop !== true) {
      const result = await runPictures({
        workspace,
        shots: values.shots,
        extension: root,
        ...(values.only === undefined ? {} : { only: values.only }),
      });
      counts.passed += result.passed;
      counts.failed += result.failed;
    }
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof EnvironmentProblem)) throw error;
  console.error(error.message);
  process.exitCode = BAD_ENVIRONMENT;
}

async function runSuite(workspace: string, counts: Counts): Promise<void> {
  const out = join(root, "node_modules/.cache/editor-suite");
  await bundleSuite(out);
  let output = "";
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array) => {
    output += String(chunk);
    return write(chunk);
  };
  let failure: unknown = null;
  try {
    await runTests({
      ...(values.desktop === true
        ? {}
        : { vscodeExecutablePath: join(root, "test/harness/code-shim.ts") }),
      extensionDevelopmentPath: root,
      extensionTestsPath: join(out, "index.js"),
      launchArgs: [workspace, "--disable-extensions"],
    });
  } catch (error) {
    failure = error;
  } finally {
    process.stdout.write = write;
  }
  const told = /##SUITE-END (\d+) passed, (\d+) failed/.exec(output);
  counts.passed += Number(told?.[1] ?? 0);
  counts.failed += Number(told?.[2] ?? 0);
  if (told === null || (failure !== null && Number(told[2]) === 0)) counts.failed += 1;
}

/** One file per test file, as mocha loads them; mocha itself stays where npm put it. */
async function bundleSuite(out: string): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [
      "test/suite/index.ts",
      "test/suite/extension.mocha.ts",
      "test/suite/replay.mocha.ts",
    ],
    outdir: out,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node22",
    external: ["vscode", "mocha"],
    // Only this process writes the samples; the suite in the editor takes their names.
    define: { "import.meta.dirname": '""' },
    sourcemap: "inline",
    logLevel: "warning",
  });
  writeFileSync(join(out, "package.json"), '{"type":"commonjs"}\n');
}
