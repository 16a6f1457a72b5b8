/** What a person may do from the editor on a gateway: link an account again, look without acting, and be approved from elsewhere. */
import { readQrPicture } from "../../../fixtures/demo/scan.ts";
import type { Stage } from "../../../fixtures/demo/stage.ts";
import type { TlsProxy } from "../harness/tls-proxy.ts";
import type { Step, Workbench } from "./workbench.ts";

const SEEN_MS = 45_000;
const RESTORED_MS = 3_000;
/** Commands of an account's menu that change something. */
const ACTING = /^(?:Restart Account|Stop Account|Start Account|Link Again|Capture Incident)/;

/** Settings of a person who wants to look only, until the first steps change that. */
export const LOOK_ONLY = { "whatsappContinuity.gateway.readOnly": true };

export function accessSteps(stage: Stage, proxy: TlsProxy): readonly Step[] {
  return [...relinkSteps(stage), ...approvalSteps(stage, proxy)];
}

const relinkSteps = (stage: Stage): readonly Step[] => [
  [
    "an account that was removed on the phone says so, and what to do",
    async (ui) => {
      await showAccounts(ui);
      stage.account.unlinkAll();
      await shows(ui, /removed on the phone/);
      await ui.treeItem(/Link again/i).waitFor();
      await ui.shot("09-removed");
    },
  ],
  [
    "it is linked again from the tree: the phone scans the code that the editor shows",
    async (ui) => {
      await menuOf(ui, /^default/);
      await ui.page.getByRole("menuitem", { name: /Link Again/ }).click();
      await ui.page.getByRole("button", { name: "Link Again" }).click();
      const picture = ui.timeline().getByAltText(/QR code/);
      await picture.waitFor({ timeout: SEEN_MS });
      await ui.shot("10-qr-code");
      const source = await picture.getAttribute("src");
      await stage.account.phone.scan(readQrPicture(source ?? ""));
      await ui
        .timeline()
        .getByText(/[Ll]inked/)
        .waitFor({ timeout: SEEN_MS });
      await shows(ui, /default: connected/);
      await ui.shot("11-linked-again");
    },
  ],
];

export const READ_ONLY_STEPS: readonly Step[] = [
  [
    "with the right to read only, nothing that acts is offered, and a command says why not",
    async (ui) => {
      await showAccounts(ui);
      await ui.page.getByText("Connect to Local Gateway").first().click();
      await shows(ui, /live, read only/);
      await shows(ui, /default: connected/);
      const offered = await menuOf(ui, /^default/);
      const acting = offered.filter((name) => ACTING.test(name));
      if (acting.length > 0) throw new Error(`The menu still offers ${acting.join(", ")}.`);
      await ui.shot("00-read-only-menu");
      await ui.page.keyboard.press("Escape");
      await ui.command("WhatsApp Continuity: Restart Account");
      await ui.command("Notifications: Show Notifications");
      await ui.page
        .getByText(/connected read only, because the setting/)
        .first()
        .waitFor();
      await ui.shot("00-read-only-refusal");
      await ui.page.getByRole("button", { name: "Ask for More" }).first().click();
      await shows(ui, /: live$/);
      await closeSource(ui);
    },
  ],
];

const approvalSteps = ({ gateway }: Stage, proxy: TlsProxy): readonly Step[] => [
  [
    "a gateway elsewhere with a certificate nobody knows gets no token, and the setting for it is named",
    async (ui) => {
      await closeSource(ui);
      await ui.command("WhatsApp Continuity: Connect to Gateway");
      const input = ui.page.locator(".quick-input-widget input.input");
      await input.fill(`wss://127.0.0.1:${proxy.port}`);
      await ui.page.keyboard.press("Enter");
      await ui.page.getByText(/^Token of the gateway/).waitFor();
      await input.fill(gateway.token);
      await ui.page.keyboard.press("Enter");
      await shows(ui, /is not trusted, so nothing was sent/);
      await ui.command("Notifications: Show Notifications");
      await ui.page.getByRole("button", { name: "Enter Fingerprint" }).first().waitFor();
      await ui.shot("12-unknown-certificate");
    },
  ],
  [
    "with its fingerprint it is reached, and shows the command that approves this editor there",
    async (ui) => {
      await ui.page.getByRole("button", { name: "Enter Fingerprint" }).first().click();
      await ui.page.getByText(/^Certificate of the gateway/).waitFor();
      await ui.page.locator(".quick-input-widget input.input").fill(proxy.fingerprint);
      await ui.page.keyboard.press("Enter");
      await shows(ui, /openclaw devices approve/);
      await ui.command("Notifications: Show Notifications");
      await ui.page.getByRole("button", { name: "Copy Command" }).first().waitFor();
      await ui.shot("13-approval-needed");
    },
  ],
  [
    "once approved on the gateway's machine it is connected by itself",
    async (ui) => {
      await ui.command("Notifications: Clear All Notifications");
      const told = (await ui.treeItem(/openclaw devices approve/).getAttribute("aria-label")) ?? "";
      const request = /openclaw devices approve ([\w-]+)/.exec(told)?.[1] ?? "";
      const { exitCode, stdout, stderr } = await gateway.cli(["devices", "approve", request]);
      if (exitCode !== 0) throw new Error(`It was not approved: ${stdout}${stderr}`);
      await shows(ui, /: live$/);
      await shows(ui, /default: connected/);
      await ui.shot("14-approved");
    },
  ],
  [
    "it comes back with a token of its own, and a removal on the gateway's machine ends that",
    async (ui) => {
      await closeSource(ui);
      await ui.command("WhatsApp Continuity: Connect to Gateway");
      // The address is remembered, and so is the token.
      await ui.page.locator(".quick-input-widget input.input").waitFor();
      await ui.page.keyboard.press("Enter");
      await shows(ui, /: live$/);
      const { paired } = await gateway.rpc<{ paired: { deviceId: string }[] }>("device.pair.list");
      if (paired.length !== 1) throw new Error(`${paired.length} devices are paired, not 1.`);
      await gateway.rpc("device.pair.remove", { deviceId: paired[0]?.deviceId });
      await shows(ui, /openclaw devices approve/);
      await ui.shot("15-removed-there");
    },
  ],
];

/** @throws Error with what the view shows instead */
async function shows(ui: Workbench, name: RegExp): Promise<void> {
  try {
    await ui.treeItem(name).waitFor({ timeout: SEEN_MS });
  } catch {
    const rows = ui.page.getByRole("tree", { name: /Accounts/ }).getByRole("treeitem");
    const labels = await rows.evaluateAll((all) =>
      all.map((row) => row.getAttribute("aria-label")),
    );
    throw new Error(`The view does not show ${String(name)} but: ${labels.join(" | ")}`);
  }
}

/** Brings the Accounts view to the front. */
export async function showAccounts(ui: Workbench): Promise<void> {
  const tab = ui.page.getByRole("tab", { name: /WhatsApp Continuity/ }).first();
  await tab.waitFor();
  // A window opens what was open before a while later; a click would close it.
  await ui.page.waitForTimeout(RESTORED_MS);
  if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
}

/** Opens the menu of a row; returns what it offers. */
export async function menuOf(ui: Workbench, name: RegExp): Promise<readonly string[]> {
  await ui.treeItem(name).click({ button: "right" });
  const items = ui.page.locator(".monaco-menu [role=menuitem]");
  await items.first().waitFor();
  return items.allInnerTexts();
}

async function closeSource(ui: Workbench): Promise<void> {
  await ui.command("WhatsApp Continuity: Close Source");
  await ui.page.getByText("Connect to Local Gateway").first().waitFor();
}
