/** Incidents that come from elsewhere: played at another depth, or pasted out of an issue. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PASTED_ISSUE, SAMPLES } from "../harness/sample-files.ts";
import { debugByLens, press, said, stoppedAt, stopSession } from "./debug-page.ts";
import type { Step, Workbench } from "./workbench.ts";

const SCENARIO = basename(SAMPLES.fresh);

/** The depth chosen by the switch: unmodified Baileys against the simulated server, stepped through afterwards. */
export const DEPTH_STEPS: readonly Step[] = [
  [
    "depth baileys is chosen by the switch, played, and its log is stepped through",
    async (ui) => {
      await chooseDepth(ui, "baileys");
      await ui.quickOpen(SCENARIO);
      await debugByLens(ui);
      await ui.command("View: Show Run and Debug");
      await stoppedAt(ui, "controller.started");
      await said(ui, /Played with Baileys against the simulated server: 5 decisions, in the same/);
      await press(ui, /^Step Out/);
      await press(ui, /^Step Out/);
      await stoppedAt(ui, "socket.opened");
      await ui.shot("20-depth-baileys");
      await stopSession(ui);
      await chooseDepth(ui, "core");
    },
  ],
];

export const IMPORT_STEPS = (workspace: string): readonly Step[] => [
  [
    "a report on the clipboard becomes an incident: what was removed, kept and assumed is shown, then it is saved",
    async (ui) => {
      await ui.command("View: Close All Editors");
      await ui.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(PASTED_ISSUE)})`);
      await ui.command("WhatsApp Continuity: Make Incident from Log Text...");
      await choose(ui, /The clipboard/);
      await ui.page
        .getByRole("tab", { name: /review\.md/ })
        .first()
        .waitFor();
      const save = row(ui, /Save As/);
      await save.waitFor();
      await ui.page.waitForTimeout(800);
      await ui.shot("21-import-review");
      await save.click();
      await ui.page.getByRole("button", { name: "OK" }).first().click();
      const file = join(workspace, "pasted.incident.jsonl");
      await until(ui, () => existsSync(file));
      await ui.page.getByRole("tab", { name: /review\.md/ }).waitFor({ state: "detached" });
      await ui.page.locator(".view-line", { hasText: "(assumed)" }).first().waitFor();
      await ui.shot("22-imported");
      const text = readFileSync(file, "utf8");
      if (!text.includes('"assumed":true')) throw new Error("Nothing is marked assumed.");
      if (/15550100|Alice/.test(text)) throw new Error("A number or a name was saved.");
    },
  ],
  [
    "text in an unsaved editor becomes an incident as well, and nothing is written when it is discarded",
    async (ui) => {
      await ui.command("View: Close All Editors");
      await ui.command("File: New Untitled Text File");
      await ui.page.locator(".monaco-editor.focused").waitFor();
      await ui.page.keyboard.insertText(PASTED_ISSUE.replaceAll("408", "428"));
      await ui.command("WhatsApp Continuity: Make Incident from Log Text...");
      await choose(ui, /The editor/);
      await row(ui, /Discard/).click();
      await ui.page.getByRole("tab", { name: /review\.md/ }).waitFor({ state: "detached" });
      await ui.command("View: Revert and Close Editor");
      await ui.command("View: Close All Editors");
    },
  ],
];

async function chooseDepth(ui: Workbench, depth: string): Promise<void> {
  await ui.command("WhatsApp Continuity: Choose Replay Depth...");
  await choose(ui, new RegExp(depth));
  await ui.page.waitForTimeout(500);
}

function row(ui: Workbench, text: RegExp) {
  return ui.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
}

async function choose(ui: Workbench, text: RegExp): Promise<void> {
  await row(ui, text).click();
}

async function until(ui: Workbench, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    if (holds()) return;
    await ui.page.waitForTimeout(250);
  }
  throw new Error("The incident was not saved in the workspace.");
}
