/** An incident stepped through and kept as a test, as a developer does it; every step leaves a picture. */
import { basename } from "node:path";
import { SAMPLES } from "../harness/sample-files.ts";
import { BREAKPOINT_STEPS } from "./breakpoint-steps.ts";
import {
  addWatch,
  debugByLens,
  goToLine,
  pausedOn,
  press,
  said,
  setScope,
  stoppedAt,
  stopSession,
  watched,
} from "./debug-page.ts";
import { DEPTH_STEPS, IMPORT_STEPS } from "./new-incident-steps.ts";
import type { Step } from "./workbench.ts";

const INCIDENT = basename(SAMPLES.reported);
/** Where the connection is closed. */
const CLOSED_LINE = 221;
/** Where the connection is being made; decided by a rule with a limit that can be edited. */
const UPGRADED_LINE = 5;

const STEPPING: readonly Step[] = [
  [
    "the text of an incident is readable: time and words before each line, what can be done above it",
    async (ui) => {
      await ui.command("View: Close All Editors");
      await ui.quickOpen(INCIDENT);
      await ui.page.getByText("WebSocket open").first().waitFor();
      await ui.page.locator(".codelens-decoration a", { hasText: "Debug" }).first().waitFor();
      await ui.shot("10-incident-text");
    },
  ],
  [
    "a breakpoint on a record stops there; the state, what changed and what was decided are shown",
    async (ui) => {
      await goToLine(ui, INCIDENT, CLOSED_LINE);
      await ui.page.keyboard.press("F9");
      await ui.page.locator(".codicon-debug-breakpoint").first().waitFor();
      await debugByLens(ui);
      await ui.command("View: Show Run and Debug");
      await stoppedAt(ui, "controller.started", "operator.ordered");
      await press(ui, /^Continue/);
      await stoppedAt(ui, "socket.closed");
      await ui.page
        .locator(".debug-call-stack", { hasText: "decided by close/transient" })
        .waitFor();
      // Closed, it leaves room for what is more telling here.
      await setScope(ui, "Event", false);
      await setScope(ui, "Changes", true);
      await ui.shot("11-breakpoint");
    },
  ],
  [
    "a watch follows the state while stepping back and running back",
    async (ui) => {
      await addWatch(ui, "state.connection.phase");
      await watched(ui, "waiting").waitFor();
      await press(ui, /^Step Back/);
      await watched(ui, "open").waitFor();
      await ui.shot("12-step-back");
      await press(ui, /^Reverse/);
      await stoppedAt(ui, "operator.ordered");
      await press(ui, /^Continue/);
      await stoppedAt(ui, "socket.closed");
      await watched(ui, "waiting").waitFor();
    },
  ],
];

const CORE_AND_TESTS: readonly Step[] = [
  [
    "from a decision into the rule's line; the edited core is replayed by a restart, and its divergence stops",
    async (ui) => {
      await goToLine(ui, INCIDENT, UPGRADED_LINE);
      await ui.command("Debug: Jump to Cursor");
      await stoppedAt(ui, "socket.upgraded");
      await press(ui, /^Step Into/);
      await ui.page
        .getByRole("tab", { name: /^connection\.ts/ })
        .first()
        .waitFor();
      await stoppedAt(ui, "effect 1 of 2");
      await ui.page
        .locator(".view-line span", { hasText: /^loginMs$/ })
        .first()
        .click();
      await ui.page.waitForTimeout(500);
      // Selects the word under the caret.
      await ui.page.keyboard.press("Control+D");
      await ui.page.keyboard.insertText("statusRefreshMs");
      await ui.page.keyboard.press("Control+S");
      await press(ui, /^Restart/);
      await said(ui, /Now: \d+ of \d+ decisions differ/);
      await ui.shot("13-edited-core");
      await ui.command("View: Show Run and Debug");
      await press(ui, /^Step Back/);
      await stoppedAt(ui, "owner.resolved");
      await press(ui, /^Continue/);
      await pausedOn(ui, /Paused on exception/);
      await ui.page.locator(".exception-widget", { hasText: "divergent" }).waitFor();
      await ui.shot("19-divergence");
      await stopSession(ui);
    },
  ],
  [
    "the Testing view runs incidents and shows the differing decision",
    async (ui) => {
      await ui.command("Testing: Focus on Test Explorer View");
      const folder = ui.page.getByRole("treeitem", { name: /fixtures.incidents/ }).first();
      await folder.waitFor();
      await folder.click();
      await ui.page.keyboard.press("ArrowRight");
      const test = ui.page.getByRole("treeitem", { name: /428-channel-exit/ }).first();
      await test.waitFor();
      await ui.quickOpen(INCIDENT);
      await ui.command("WhatsApp Continuity: Replay Incident");
      await ui.page
        .getByRole("treeitem", { name: /428-channel-exit.*Failed/i })
        .first()
        .waitFor();
      await ui.command("Test Results: Focus on Test Results View");
      await ui.page
        .locator(".panel .monaco-list-row", { hasText: /divergent/ })
        .first()
        .click();
      await ui.page.locator(".panel .monaco-diff-editor").first().waitFor();
      await ui.page.waitForTimeout(500);
      await ui.shot("14-failed");
    },
  ],
  [
    "a golden is shown before it is accepted, and the incident then holds",
    async (ui) => {
      await ui.command("WhatsApp Continuity: Accept Golden...");
      const accept = ui.page.locator(".quick-input-list .monaco-list-row", {
        hasText: "becomes the expectation",
      });
      await accept.waitFor();
      await ui.page.waitForTimeout(500);
      await ui.shot("15-accept-golden");
      await accept.click();
      await ui.page
        .getByRole("treeitem", { name: /428-channel-exit.*Passed/i })
        .first()
        .waitFor();
      await ui.shot("16-accepted");
      await ui.command("View: Close All Editors");
      await ui.command("Remove All Breakpoints");
      await ui.command("View: Show Explorer");
    },
  ],
];

/** All of it, on a workspace that holds the plugin. */
export function debuggerSteps(workspace: string): readonly Step[] {
  return [
    ...STEPPING,
    ...BREAKPOINT_STEPS,
    ...CORE_AND_TESTS,
    ...DEPTH_STEPS,
    ...IMPORT_STEPS(workspace),
  ];
}
