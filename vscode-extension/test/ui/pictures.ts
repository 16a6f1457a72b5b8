/** The packaged extension in the real workbench, driven as a person would; every step leaves a picture. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { type Browser, launchBrowser } from "../harness/browser.ts";
import { ensureBrowser, ensureServer } from "../harness/environment.ts";
import { SAMPLES } from "../harness/sample-files.ts";
import { startServer, type VsCodeServer, workbenchUrl } from "../harness/vscode-server.ts";

export interface PictureOptions {
  readonly workspace: string;
  readonly shots: string;
  readonly extension: string;
}

type Step = readonly [name: string, act: (ui: Workbench) => Promise<void>];

const STEPS: readonly Step[] = [
  [
    "the Accounts view welcomes and offers what to do",
    async (ui) => {
      await ui.page
        .getByRole("tab", { name: /WhatsApp Continuity/ })
        .first()
        .click();
      await ui.page.getByText("Connect to Local Gateway").first().waitFor();
      await ui.shot("01-welcome");
    },
  ],
  [
    "an incident opens as a timeline, and the tree shows its account with cause and outages",
    async (ui) => {
      await ui.quickOpen(SAMPLES.incident);
      await ui.page.locator(".monaco-editor .view-line").nth(3).waitFor();
      await ui.command("WhatsApp Continuity: Open as Timeline");
      await ui.timeline().locator(".row").nth(5).waitFor();
      const tree = ui.page.getByRole("tree", { name: /Accounts/ });
      await tree
        .getByRole("treeitem", { name: /outages/ })
        .first()
        .waitFor();
      await ui.page.waitForTimeout(400);
      await ui.shot("02-timeline");
    },
  ],
  [
    "searching narrows the list, and a click shows the record",
    async (ui) => {
      const timeline = ui.timeline();
      await timeline.getByRole("searchbox").fill("ENOTFOUND");
      await timeline.locator(".row .text", { hasText: "ENOTFOUND" }).first().click();
      await timeline.locator(".detail", { hasText: '"errorCode": "ENOTFOUND"' }).waitFor();
      await timeline.locator(".live", { hasText: "ENOTFOUND" }).waitFor({ state: "attached" });
      await ui.shot("03-search");
      await timeline.getByRole("searchbox").fill("");
    },
  ],
  [
    "the keyboard zooms in, walks the records and marks what it says",
    async (ui) => {
      const stage = ui.timeline().locator(".stage");
      await stage.focus();
      for (const key of ["ArrowDown", "ArrowDown", "+", "+", "+", "ArrowUp"])
        await ui.page.keyboard.press(key);
      await ui.page.waitForTimeout(300);
      await ui.shot("04-zoom");
    },
  ],
  [
    "dragging with Shift marks a window that filters the records",
    async (ui) => {
      const timeline = ui.timeline();
      const before = await timeline.locator(".row").count();
      await timeline.getByRole("button", { name: "Show everything" }).click();
      const box = await timeline.locator(".stage").boundingBox();
      if (box === null) throw new Error("The timeline has no size.");
      await ui.page.keyboard.down("Shift");
      await ui.page.mouse.move(box.x + box.width * 0.1, box.y + 60);
      await ui.page.mouse.down();
      await ui.page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
      await ui.page.mouse.up();
      await ui.page.keyboard.up("Shift");
      await ui.page.waitForTimeout(300);
      const after = await timeline.locator(".row").count();
      if (after >= before)
        throw new Error(`The window filtered nothing: ${before} rows before, ${after} after.`);
      await ui.shot("05-window");
      await timeline.locator(".stage").focus();
      await ui.page.keyboard.press("Escape");
    },
  ],
  [
    "why was I down is answered in words",
    async (ui) => {
      await ui.command("WhatsApp Continuity: Why Was I Down?");
      await ui.page.locator(".view-line", { hasText: "Recovered: 12" }).first().waitFor();
      await ui.shot("06-explain");
    },
  ],
  [
    "then and now stand above each other",
    async (ui) => {
      await ui.page
        .getByRole("tab", { name: /^dns-outage/ })
        .first()
        .click();
      await ui.command("WhatsApp Continuity: Show Then and Now");
      await ui.timeline().locator(".labels .heading", { hasText: "now: work" }).waitFor();
      await ui.page.waitForTimeout(400);
      await ui.shot("07-then-and-now");
    },
  ],
  [
    "a debug session pauses on the live records and steps back",
    async (ui) => {
      await ui.command("Debug: Select and Start Debugging");
      await ui.page
        .locator(".quick-input-list .monaco-list-row", { hasText: "Attach" })
        .first()
        .click();
      const bar = ui.page.locator(".debug-toolbar");
      await bar.waitFor();
      await bar.getByRole("button", { name: /^Pause/ }).click();
      await ui.page
        .locator(".debug-top-stack-frame-line, .debug-focused-stack-frame-line")
        .first()
        .waitFor();
      await bar.getByRole("button", { name: /^Step Back/ }).click();
      await ui.page.waitForTimeout(600);
      await ui.shot("08-debug");
      await bar.getByRole("button", { name: /^(?:Stop|Disconnect)/ }).click();
      await bar.waitFor({ state: "hidden" });
    },
  ],
  [
    "high contrast keeps everything readable",
    async (ui) => {
      await ui.command("Preferences: Color Theme");
      await ui.page.locator(".quick-input-widget input.input").fill("Dark High Contrast");
      await ui.page
        .locator(".quick-input-list .monaco-list-row", { hasText: "High Contrast" })
        .first()
        .waitFor();
      await ui.page.keyboard.press("Enter");
      await ui.command("WhatsApp Continuity: Open Timeline");
      await ui.page.waitForTimeout(700);
      await ui.shot("09-high-contrast");
    },
  ],
];

/** Drives the workbench through all steps; one that fails is told and pictured, the others go on. */
export async function runPictures(
  options: PictureOptions,
): Promise<{ passed: number; failed: number }> {
  mkdirSync(options.shots, { recursive: true });
  const server = await startServer({
    serverRoot: ensureServer(),
    settings: { "workbench.colorTheme": "Default Dark Modern" },
  });
  const browser = await launchBrowser(ensureBrowser());
  const counts = { passed: 0, failed: 0 };
  try {
    const ui = await Workbench.open(browser, server, options);
    for (const [name, act] of STEPS) {
      try {
        await act(ui);
        counts.passed += 1;
        console.log(`  ✔ ${name}`);
      } catch (error) {
        counts.failed += 1;
        await ui.shot(`failed-${counts.failed}`);
        console.log(
          `  ✘ ${name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
        );
      }
    }
    if (browser.outside.length > 0) {
      counts.failed += 1;
      console.log(
        `  ✘ asked for addresses outside this machine: ${[...new Set(browser.outside)].join(" ")}`,
      );
    }
  } finally {
    await browser.close();
    await server.stop();
  }
  return counts;
}

/** The page with what every step needs. */
class Workbench {
  readonly page: Page;
  readonly #shots: string;

  constructor(page: Page, shots: string) {
    this.page = page;
    this.#shots = shots;
    page.setDefaultTimeout(20_000);
  }

  static async open(
    browser: Browser,
    server: VsCodeServer,
    options: PictureOptions,
  ): Promise<Workbench> {
    const payload = { extensionDevelopmentPath: options.extension };
    await browser.page.goto(workbenchUrl(server, options.workspace, payload));
    await browser.page.locator(".monaco-workbench .part.activitybar").waitFor({ timeout: 60_000 });
    return new Workbench(browser.page, options.shots);
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(this.#shots, `${name}.png`) });
  }

  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page
      .locator(".quick-input-list .monaco-list-row", { hasText: title })
      .first()
      .click();
  }

  async quickOpen(name: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    const input = this.page.locator(".quick-input-widget input.input");
    await input.waitFor();
    await input.fill(name);
    const rows = this.page.locator(".quick-input-list .monaco-list-row", {
      hasText: name,
      hasNotText: /Timeline|Then/,
    });
    await rows.first().click();
  }

  /** The document inside the webview that is in front. */
  timeline(): FrameLocator {
    return this.page
      .frameLocator("iframe.webview.ready >> visible=true")
      .frameLocator("#active-frame");
  }
}
