/** The extension on files, step by step; every step leaves a picture. */
import { launchBrowser } from "../harness/browser.ts";
import { ensureBrowser, ensureServer } from "../harness/environment.ts";
import { SAMPLES } from "../harness/sample-files.ts";
import { startServer } from "../harness/vscode-server.ts";
import { debuggerSteps } from "./debugger-steps.ts";
import { UNTRUSTED_STEPS } from "./untrusted-steps.ts";
import {
  type Counts,
  type Step,
  takeSteps,
  Workbench,
  type WorkbenchOptions,
} from "./workbench.ts";

const FILE_STEPS: readonly Step[] = [
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
      for (let times = 0; times < 14; times += 1) await ui.page.keyboard.press("+");
      await ui.page.keyboard.press("ArrowDown");
      await ui.page.keyboard.press("ArrowUp");
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
];

const CONTRAST_STEPS: readonly Step[] = [
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
      await ui.page
        .locator(".quick-input-list .monaco-list-row", { hasText: "dns-outage" })
        .click();
      await ui.timeline().locator(".row").nth(5).waitFor();
      await ui.timeline().locator("body.vscode-high-contrast").waitFor();
      await ui.page.waitForTimeout(300);
      await ui.shot("09-high-contrast");
    },
  ],
];

/** All steps, or those that need no more than the start: the others build on what was opened before. */
function chosen({ only, workspace }: WorkbenchOptions): readonly Step[] {
  const steps = debuggerSteps(workspace);
  return only === "debugger" ? steps : [...FILE_STEPS, ...steps, ...CONTRAST_STEPS];
}

/** Drives the workbench through its steps: in a folder that is not trusted, then in the same one trusted, where goldens are changed. */
export async function runPictures(options: WorkbenchOptions): Promise<Counts> {
  const untrusted = await runSteps(options, UNTRUSTED_STEPS, true);
  const trusted = await runSteps(options, chosen(options), false);
  return {
    passed: trusted.passed + untrusted.passed,
    failed: trusted.failed + untrusted.failed,
  };
}

async function runSteps(
  options: WorkbenchOptions,
  steps: readonly Step[],
  withTrust: boolean,
): Promise<Counts> {
  const settings = { "workbench.colorTheme": "Default Dark Modern" };
  const server = await startServer({ serverRoot: ensureServer(), settings, withTrust });
  const browser = await launchBrowser(ensureBrowser());
  try {
    const ui = await Workbench.open(browser, server, options);
    return await takeSteps(ui, browser, steps);
  } finally {
    await browser.close();
    await server.stop();
  }
}
