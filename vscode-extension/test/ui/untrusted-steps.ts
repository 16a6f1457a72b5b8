/** The same in a folder that is not trusted: nothing of it is run. */
import { basename } from "node:path";
import { SAMPLES } from "../harness/sample-files.ts";
import type { Step, Workbench } from "./workbench.ts";

const INCIDENT = basename(SAMPLES.reported);

export const UNTRUSTED_STEPS: readonly Step[] = [
  [
    "in Restricted Mode the bundled copy replays, and both copies are named",
    async (ui) => {
      await ui.page.getByText("Restricted Mode").first().waitFor();
      await ui.quickOpen(INCIDENT);
      await ui.page.getByText("WebSocket open").first().waitFor();
      await ui.command("WhatsApp Continuity: Replay Incident");
      await ui.page.getByText("428-channel-exit: decided as expected").first().waitFor();
      await ui.command("Test Results: Focus on Test Results View");
      await results(ui, /decisions as expected, by bundled 0\.1\.0 \([\da-f]{8}\)/).waitFor();
      await ui.page.locator(".panel .monaco-list-row", { hasText: "depth core" }).first().click();
      await results(ui, /own plugin 0\.1\.0 \([\da-f]{8}\) is not run/).waitFor();
      await ui.shot("23-untrusted");
    },
  ],
  [
    "the editor asks for trust before anything is debugged, and no session begins without it",
    async (ui) => {
      await ui.quickOpen(INCIDENT);
      await ui.command("WhatsApp Continuity: Debug Incident");
      await ui.page.getByText("Do you trust the authors").first().waitFor();
      await ui.shot("24-untrusted-debug");
      await ui.page.getByRole("button", { name: "Cancel" }).first().click();
      await ui.page.locator(".debug-toolbar").waitFor({ state: "hidden" });
    },
  ],
];

/** The terminal of the test results; what was too long for a line goes on in the next. */
function results(ui: Workbench, text: RegExp) {
  return ui.page.locator(".panel .xterm-rows", { hasText: text }).first();
}
