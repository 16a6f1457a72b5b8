#!/usr/bin/env node
/**
 * Stands in for the desktop `code` executable: @vscode/test-electron's own `runTests()` starts it with the flags it gives to a desktop
 * VS Code, and it runs the same suite in a VS Code server with headless Chromium. Exit status 0 only when the suite said itself that
 * tests ran and none failed: an extension host that dies is reported as success otherwise.
 */
import { format, stripVTControlCharacters } from "node:util";
import { ensureBrowser, ensureServer } from "./environment.ts";
import { launchBrowser } from "./browser.ts";
import { startServer, workbenchUrl } from "./vscode-server.ts";

const SUITE_LIMIT_MS = 150_000;

/** Complaints of the server about services that are switched off. */
const NOISE =
  /\[AgentHost\]|builtin extensions cache|Ignoring fetching|open-vsx|queryGallery|ServiceWorker|AccountPolicyGate|authentication provider|spdlog|native-watchdog|bindings file/;

const flags = new Map<string, string>();
let folder = ".";
for (const argument of process.argv.slice(2)) {
  const match = /^--([A-Za-z-]+)(?:=(.*))?$/s.exec(argument);
  if (match === null) folder = argument;
  else flags.set(match[1] ?? "", match[2] ?? "");
}

if (flags.has("version")) console.log("1.139.1\nserver\nx64");
else process.exitCode = await runSuite();

async function runSuite(): Promise<number> {
  const server = await startServer({ serverRoot: ensureServer() });
  const browser = await launchBrowser(ensureBrowser());
  let inSuite = false;
  let summary: string | null = null;
  const before: string[] = [];
  const onLine = (type: string, line: string): void => {
    if (line.includes("##SUITE-START")) inSuite = true;
    else if (line.includes("##SUITE-END")) {
      inSuite = false;
      summary = line;
      console.log(line);
    } else if (inSuite && !NOISE.test(line)) console.log(line);
    else if (summary === null && type === "error") before.push(line.slice(0, 400));
  };
  try {
    const ended = new Promise<number>((done, failed) => {
      setTimeout(
        () => failed(new Error(`No result within ${SUITE_LIMIT_MS / 1_000} s.`)),
        SUITE_LIMIT_MS,
      ).unref();
      browser.page.on("crash", () => failed(new Error("The page crashed.")));
      void browser.page.exposeFunction("codeAutomationLog", (type: string, args: unknown[]) =>
        onLine(type, stripVTControlCharacters(format(...args))),
      );
      void browser.page.exposeFunction("codeAutomationExit", (code: number) => done(code));
    });
    const payload = {
      extensionDevelopmentPath: flags.get("extensionDevelopmentPath") ?? "",
      extensionTestsPath: flags.get("extensionTestsPath") ?? "",
      skipWelcome: "true",
      skipReleaseNotes: "true",
    };
    await browser.page.goto(workbenchUrl(server, folder, payload));
    const code = await ended;
    const ran = /\b[1-9]\d* passed/.test(summary ?? "");
    if (code === 0 && ran) return 0;
    console.error(
      ran ? `The suite ended with ${code}.` : "The extension host ended without a result.",
    );
    console.error(
      before
        .filter((line) => !NOISE.test(line))
        .slice(-8)
        .join("\n"),
    );
    return code === 0 ? 1 : code;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(server.log().split("\n").slice(-12).join("\n"));
    return 1;
  } finally {
    await browser.close();
    await server.stop();
  }
}
