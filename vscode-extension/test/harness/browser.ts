/** Headless Chromium that can reach nothing but this machine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { HOST } from "./vscode-server.ts";

export interface Browser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests that went elsewhere; all were blocked. */
  readonly outside: readonly string[];
  close(): Promise<void>;
}

export async function launchBrowser(executablePath: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1360, height: 860 },
    permissions: ["clipboard-read", "clipboard-write"],
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE ${HOST} , EXCLUDE localhost`,
    ],
  });
  const outside: string[] = [];
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    // Resources of webviews are served by a service worker of the page under an invented name.
    const isLocal =
      [HOST, "localhost"].includes(hostname) || hostname.endsWith("vscode-resource.vscode-cdn.net");
    if (/^(?:http|ws)/.test(protocol) && !isLocal) outside.push(request.url());
  });
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    context,
    page,
    outside,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
