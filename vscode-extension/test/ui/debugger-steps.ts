/** An incident stepped through and kept as a test, as a developer does it; every step leaves a picture. */
import { basename } from "node:path";
import type { Locator } from "playwright-core";
import { SAMPLES } from "../harness/sample-files.ts";
import type { Step, Workbench } from "./workbench.ts";

const INCIDENT = basename(SAMPLES.reported);
/** Where the connection is closed. */
const CLOSED_LINE = 221;
/** Where the connection is being made; decided by a rule with a limit that can be edited. */
const UPGRADED_LINE = 5;

const STOPPED = ".debug-top-stack-frame-line, .debug-focused-stack-frame-line";

export const DEBUGGER_STEPS: readonly Step[] = [
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
      await goToLine(ui, CLOSED_LINE);
      await ui.page.keyboard.press("F9");
      await ui.page.locator(".codicon-debug-breakpoint").first().waitFor();
      await ui.page.keyboard.press("Control+Home");
      // The lenses stand above the first line, which alone is what the caret scrolls to.
      await ui.page.mouse.move(800, 400);
      await ui.page.mouse.wheel(0, -20_000);
      await ui.page.locator(".codelens-decoration a", { hasText: "Debug" }).first().click();
      await toolbar(ui).waitFor();
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
  [
    "from a decision into the rule's line; the edited core is replayed by a restart",
    async (ui) => {
      await goToLine(ui, UPGRADED_LINE);
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
      await ui.command("Debug Console: Focus on Debug Console View");
      await ui.page.locator(".repl", { hasText: /Now: \d+ of \d+ decisions differ/ }).waitFor();
      await ui.shot("13-edited-core");
      await press(ui, /^Stop/);
      await toolbar(ui).waitFor({ state: "hidden" });
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

async function goToLine(ui: Workbench, line: number): Promise<void> {
  await ui.quickOpen(INCIDENT);
  await ui.page.keyboard.press("Control+G");
  const input = ui.page.locator(".quick-input-widget input.input");
  await input.waitFor();
  await input.fill(`:${line}`);
  await ui.page.keyboard.press("Enter");
  await input.waitFor({ state: "hidden" });
}

function toolbar(ui: Workbench): Locator {
  return ui.page.locator(".debug-toolbar");
}

async function press(ui: Workbench, name: RegExp): Promise<void> {
  await toolbar(ui).getByRole("button", { name }).first().click();
}

/** Waits until the call stack's first frame is one of these kinds. */
async function stoppedAt(ui: Workbench, ...kinds: readonly string[]): Promise<void> {
  const frames = ui.page.locator(".debug-call-stack .stack-frame .label");
  await frames
    .filter({ hasText: new RegExp(kinds.map((kind) => kind.replace(".", "\\.")).join("|")) })
    .first()
    .waitFor();
  await ui.page.locator(STOPPED).first().waitFor();
}

/** Opens or closes a scope; the editor opens the first one by itself, a moment after a stop. */
async function setScope(ui: Workbench, name: string, open: boolean): Promise<void> {
  await ui.page.waitForTimeout(1_000);
  const scope = ui.page
    .locator(".debug-variables .monaco-list-row", { hasText: new RegExp(`^${name}$`) })
    .first();
  await scope.waitFor();
  if ((await scope.getAttribute("aria-expanded")) !== String(open)) await scope.click();
  await ui.page.waitForTimeout(300);
}

async function addWatch(ui: Workbench, expression: string): Promise<void> {
  await ui.command("Debug: Focus on Watch View");
  const header = ui.page.locator(".pane-header", { hasText: "Watch" }).first();
  await header.hover();
  await header.getByRole("button", { name: "Add Expression" }).click();
  const input = ui.page.locator(".debug-watch input");
  await input.waitFor();
  await input.fill(expression);
  await ui.page.keyboard.press("Enter");
}

function watched(ui: Workbench, value: string): Locator {
  return ui.page.locator(".debug-watch .expression", { hasText: `"${value}"` }).first();
}
