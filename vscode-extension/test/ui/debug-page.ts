/** What steps through an incident have in common: the parts of the workbench that a debug session uses. */
import type { Locator } from "playwright-core";
import type { Workbench } from "./workbench.ts";

const STOPPED = ".debug-top-stack-frame-line, .debug-focused-stack-frame-line";
/** The editor opens the first scope of a new stop by itself, a moment after it. */
const SETTLE_MS = 1_000;

export async function goToLine(ui: Workbench, file: string, line: number): Promise<void> {
  await ui.quickOpen(file, line);
  await ui.page.locator(".line-numbers.active-line-number", { hasText: String(line) }).waitFor();
}

export function toolbar(ui: Workbench): Locator {
  return ui.page.locator(".debug-toolbar");
}

export async function press(ui: Workbench, name: RegExp): Promise<void> {
  await toolbar(ui).getByRole("button", { name }).first().click();
}

/** Ends the session and waits until it is gone. */
export async function stopSession(ui: Workbench): Promise<void> {
  await press(ui, /^Stop/);
  await toolbar(ui).waitFor({ state: "hidden" });
}

/** Waits until the call stack's first frame is one of these kinds. */
export async function stoppedAt(ui: Workbench, ...kinds: readonly string[]): Promise<void> {
  const frames = ui.page.locator(".debug-call-stack .stack-frame .label");
  await frames
    .filter({ hasText: new RegExp(kinds.map((kind) => kind.replace(".", "\\.")).join("|")) })
    .first()
    .waitFor();
  await ui.page.locator(STOPPED).first().waitFor();
}

/** Waits for the call stack's word for why the session stands. */
export async function pausedOn(ui: Workbench, reason: RegExp): Promise<void> {
  await ui.page.locator(".debug-pane, .pane", { hasText: reason }).first().waitFor();
}

/** Waits for a line of the debug console. */
export async function said(ui: Workbench, text: RegExp): Promise<void> {
  const console = ui.page.locator(".repl");
  if (!(await console.isVisible())) await ui.command("Debug Console: Focus on Debug Console View");
  await ui.page.locator(".repl", { hasText: text }).waitFor();
}

/** Opens or closes a scope of the Variables view. */
export async function setScope(ui: Workbench, name: string, open: boolean): Promise<void> {
  await ui.page.waitForTimeout(SETTLE_MS);
  const scope = variable(ui, new RegExp(`^${name}$`));
  await scope.waitFor();
  if ((await scope.getAttribute("aria-expanded")) !== String(open)) await scope.click();
  await ui.page.waitForTimeout(300);
}

/** A row of the Variables view by its whole text. */
export function variable(ui: Workbench, text: RegExp): Locator {
  return ui.page.locator(".debug-variables .monaco-list-row", { hasText: text }).first();
}

export async function addWatch(ui: Workbench, expression: string): Promise<void> {
  await ui.command("Debug: Focus on Watch View");
  const header = ui.page.locator(".pane-header", { hasText: "Watch" }).first();
  await header.hover();
  await header.getByRole("button", { name: "Add Expression" }).click();
  const input = ui.page.locator(".debug-watch input");
  await input.waitFor();
  await input.fill(expression);
  await ui.page.keyboard.press("Enter");
}

export function watched(ui: Workbench, value: string): Locator {
  return ui.page.locator(".debug-watch .expression", { hasText: `"${value}"` }).first();
}

/** Starts a session by the code lens above the first line of the file in front, and waits until it stands. */
export async function debugByLens(ui: Workbench): Promise<void> {
  await ui.page.keyboard.press("Control+Home");
  // The lenses stand above the first line, which alone is what the caret scrolls to.
  await ui.page.mouse.move(800, 400);
  await ui.page.mouse.wheel(0, -20_000);
  await ui.page.locator(".codelens-decoration a", { hasText: "Debug" }).first().click();
  await toolbar(ui).waitFor();
  // Its first stop takes the focus from whatever is typed into.
  await ui.page.locator(STOPPED).first().waitFor();
  await ui.page.waitForTimeout(SETTLE_MS / 2);
}
