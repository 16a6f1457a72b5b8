/** Everything that a session can stop at, as a developer sets it in the workbench. */
import { basename } from "node:path";
import { SAMPLES } from "../harness/sample-files.ts";
import {
  goToLine,
  pausedOn,
  press,
  said,
  setScope,
  stoppedAt,
  variable,
  watched,
} from "./debug-page.ts";
import type { Step, Workbench } from "./workbench.ts";

const INCIDENT = basename(SAMPLES.reported);
/** The watchdog's tick before the close; it comes again and again. */
const TICK_LINE = 218;
const OPENED_AGAIN_LINE = 225;

/** Go on from a session that stands at the close, with a watch on the phase. */
export const BREAKPOINT_STEPS: readonly Step[] = [
  [
    "running on reaches the end, and running back comes to the breakpoint again",
    async (ui) => {
      await press(ui, /^Continue/);
      await said(ui, /This is the end of the incident/);
      await watched(ui, "open").waitFor();
      await press(ui, /^Reverse/);
      await stoppedAt(ui, "socket.closed");
      await watched(ui, "waiting").waitFor();
    },
  ],
  [
    "a field chosen in the Variables view stops when its value changes, in both directions",
    async (ui) => {
      await ui.command("View: Show Run and Debug");
      // The view draws what there is room for.
      await setScope(ui, "Event", false);
      await setScope(ui, "State", true);
      await variable(ui, /^connection/).click();
      const phase = variable(ui, /^phase/);
      await phase.waitFor();
      await phase.click({ button: "right" });
      // A menu takes no click in the moment in which it opens.
      await ui.page.waitForTimeout(300);
      await ui.page.getByRole("menuitem", { name: /^Break on Value Change/ }).click();
      await ui.page
        .locator(".debug-breakpoints .monaco-list-row", { hasText: "state.connection.phase" })
        .waitFor();
      await press(ui, /^Continue/);
      await pausedOn(ui, /Paused on data breakpoint/);
      await stoppedAt(ui, "socket.opened", "timer.fired");
      await ui.shot("17-data-breakpoint");
      await press(ui, /^Reverse/);
      await stoppedAt(ui, "socket.closed");
      await removeBreakpoints(ui);
    },
  ],
  [
    "a condition decides whether a breakpoint stops, and a log message tells instead of stopping",
    async (ui) => {
      await goToLine(ui, INCIDENT, TICK_LINE);
      await writeBreakpoint(ui, "Debug: Add Logpoint...", "{kind} while {state.connection.phase}");
      await goToLine(ui, INCIDENT, OPENED_AGAIN_LINE);
      const condition = 'state.connection.phase == "open" && before.connection.phase != "open"';
      await writeBreakpoint(ui, "Debug: Add Conditional Breakpoint...", condition);
      await goToLine(ui, INCIDENT, OPENED_AGAIN_LINE - 1);
      await writeBreakpoint(
        ui,
        "Debug: Add Conditional Breakpoint...",
        'state.connection.phase == "stopped"',
      );
      await goToLine(ui, INCIDENT, 2);
      await ui.command("Debug: Jump to Cursor");
      await stoppedAt(ui, "operator.ordered");
      await press(ui, /^Continue/);
      await stoppedAt(ui, "socket.opened");
      await said(ui, /timer\.fired while open/);
      await ui.shot("18-condition-and-logpoint");
      await removeBreakpoints(ui);
    },
  ],
];

/** Adds a breakpoint at the caret and writes what belongs to it. */
async function writeBreakpoint(ui: Workbench, command: string, text: string): Promise<void> {
  await ui.command(command);
  const widget = ui.page.locator(".breakpoint-widget");
  await widget.waitFor();
  await widget.locator(".monaco-editor").first().waitFor();
  await ui.page.waitForTimeout(300);
  await ui.page.keyboard.insertText(text);
  await ui.page.keyboard.press("Enter");
  await widget.waitFor({ state: "hidden" });
}

async function removeBreakpoints(ui: Workbench): Promise<void> {
  await ui.command("Remove All Breakpoints");
  await ui.page
    .locator(".debug-breakpoints .monaco-list-row", { hasText: /jsonl|state\./ })
    .first()
    .waitFor({ state: "detached" });
}
