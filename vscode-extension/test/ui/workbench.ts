/** The real workbench in a browser page, driven as a person would. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";
import type { Browser } from "../harness/browser.ts";
import { type VsCodeServer, workbenchUrl } from "../harness/vscode-server.ts";

export interface WorkbenchOptions {
  readonly workspace: string;
  readonly shots: string;
  readonly extension: string;
  /** `debugger`: only what belongs to the debugger. */
  readonly only?: string;
}

/** The editor fills the Variables view 400 ms after a stop; before, it shows the stop before. */
const VARIABLES_MS = 800;
const PALETTE_TRIES = 3;
const PALETTE_MS = 5_000;

/** One thing a person does, and what must then be seen. */
export type Step = readonly [name: string, act: (ui: Workbench) => Promise<void>];

export interface Counts {
  passed: number;
  failed: number;
}

/** Takes all steps; one that fails is told and pictured, the others go on. */
export async function takeSteps(
  ui: Workbench,
  browser: Browser,
  steps: readonly Step[],
): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 };
  for (const [name, act] of steps) {
    try {
      await act(ui);
      counts.passed += 1;
      console.log(`  \u2714 ${name}`);
    } catch (error) {
      counts.failed += 1;
      await ui.shot(`failed-${counts.failed}`);
      const why = error instanceof Error ? inShort(error.message) : String(error);
      console.log(`  \u2718 ${name}: ${why}`);
    }
  }
  if (browser.outside.length > 0) {
    counts.failed += 1;
    console.log(
      `  \u2718 asked for addresses outside this machine: ${[...new Set(browser.outside)].join(" ")}`,
    );
  }
  return counts;
}

/** What went wrong and what was waited for; the rest of a report of the driver is its own log. */
function inShort(message: string): string {
  const lines = message.split("\n");
  const waited = lines.find((line) => line.includes("waiting for"))?.trim();
  return [lines[0], waited].filter((part) => part !== undefined).join(" ");
}

/** The page with what every step needs. */
export class Workbench {
  readonly page: Page;
  readonly #shots: string;

  constructor(page: Page, shots: string) {
    this.page = page;
    this.#shots = shots;
    page.setDefaultTimeout(45_000);
    mkdirSync(shots, { recursive: true });
  }

  static async open(
    browser: Browser,
    server: VsCodeServer,
    options: WorkbenchOptions,
  ): Promise<Workbench> {
    const payload = { extensionDevelopmentPath: options.extension };
    await browser.page.goto(workbenchUrl(server, options.workspace, payload));
    await browser.page.locator(".monaco-workbench .part.activitybar").waitFor({ timeout: 60_000 });
    return new Workbench(browser.page, options.shots);
  }

  async shot(name: string): Promise<void> {
    const isDebugging = await this.page.locator(".debug-toolbar").isVisible();
    if (isDebugging) await this.page.waitForTimeout(VARIABLES_MS);
    await this.page.screenshot({ path: join(this.#shots, `${name}.png`) });
  }

  async command(title: string): Promise<void> {
    await this.#pick("F1", `>${title}`, { hasText: title });
  }

  /** @param line to go to, from 1 */
  async quickOpen(name: string, line?: number): Promise<void> {
    const text = line === undefined ? name : `${name}:${line}`;
    await this.#pick("Control+P", text, { hasText: name, hasNotText: /Timeline|Then/ });
  }

  /** Writes into the palette and takes the first row that fits. Whatever takes the focus meanwhile, as a session that stops does, closes it. */
  async #pick(keys: string, text: string, row: Parameters<Page["locator"]>[1]): Promise<void> {
    const input = this.page.locator(".quick-input-widget input.input");
    const first = this.page.locator(".quick-input-list .monaco-list-row", row).first();
    for (let tries = 1; ; tries += 1) {
      const limit = tries < PALETTE_TRIES ? { timeout: PALETTE_MS } : {};
      try {
        await this.page.keyboard.press(keys);
        await input.fill(text, limit);
        return await first.click(limit);
      } catch (error) {
        if (tries === PALETTE_TRIES) throw error;
      }
    }
  }

  /** A row of the Accounts view by its whole accessible name. */
  treeItem(name: RegExp): Locator {
    return this.page
      .getByRole("tree", { name: /Accounts/ })
      .getByRole("treeitem", { name })
      .first();
  }

  /** The document inside the webview that is in front. */
  timeline(): FrameLocator {
    return this.page
      .frameLocator("iframe.webview.ready >> visible=true")
      .frameLocator("#active-frame");
  }
}
