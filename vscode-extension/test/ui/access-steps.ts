/** What a person may do from the editor on a gateway: link an account again, look without acting, and be approved from elsewhere. */
import { readQrPicture } from "../../../fixtures/demo/scan.ts";
import type { Stage } from "../../../fixtures/demo/stage.ts";
import type { TlsProxy } from "../harness/tls-proxy.ts";
import type { VsCodeServer } from "../harness/vscode-server.ts";
import type { Step, Workbench } from "./workbench.ts";

const SEEN_MS = 45_000;
const READ_ONLY = "whatsappContinuity.gateway.readOnly";
const URL_SETTING = "whatsappContinuity.gateway.url";
const FINGERPRINT = "whatsappContinuity.gateway.tlsFingerprint";
/** Commands of an account's menu that change something. */
const ACTING = /^(?:Restart Account|Stop Account|Start Account|Link Again|Capture Incident)/;

export function accessSteps(stage: Stage, vscode: VsCodeServer, proxy: TlsProxy): readonly Step[] {
  return [...relinkSteps(stage), ...readOnlySteps(vscode), ...approvalSteps(stage, vscode, proxy)];
}

const relinkSteps = (stage: Stage): readonly Step[] => [
  [
    "an account that was removed on the phone says so, and what to do",
    async (ui) => {
      await showAccounts(ui);
      stage.account.unlinkAll();
      await ui.treeItem(/removed on the phone/).waitFor({ timeout: SEEN_MS });
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
      await ui.timeline().getByText(/[Ll]inked/).waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.shot("11-linked-again");
    },
  ],
];

const readOnlySteps = (vscode: VsCodeServer): readonly Step[] => [
  [
    "with the right to read only, nothing that acts is offered, and a command says why not",
    async (ui) => {
      vscode.configure({ [READ_ONLY]: true });
      await ui.command("WhatsApp Continuity: Connect to Local Gateway");
      await ui.treeItem(/live, read only/).waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      const offered = await menuOf(ui, /^default/);
      const acting = offered.filter((name) => ACTING.test(name));
      if (acting.length > 0) throw new Error(`The menu still offers ${acting.join(", ")}.`);
      await ui.shot("12-read-only-menu");
      await ui.page.keyboard.press("Escape");
      await ui.command("WhatsApp Continuity: Restart Account");
      await ui.page.getByText(/connected read only, because the setting/).first().waitFor();
      await ui.shot("13-read-only-refusal");
      await ui.command("Notifications: Clear All Notifications");
      vscode.configure({ [READ_ONLY]: false });
    },
  ],
];

const approvalSteps = (
  { gateway }: Stage,
  vscode: VsCodeServer,
  proxy: TlsProxy,
): readonly Step[] => [
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
      await ui.treeItem(/is not trusted, so nothing was sent/).waitFor({ timeout: SEEN_MS });
      await ui.shot("14-unknown-certificate");
    },
  ],
  [
    "with its fingerprint it is reached, and shows the command that approves this editor there",
    async (ui) => {
      vscode.configure({
        [URL_SETTING]: `wss://127.0.0.1:${proxy.port}`,
        [FINGERPRINT]: proxy.fingerprint,
      });
      await ui.treeItem(/openclaw devices approve/).waitFor({ timeout: SEEN_MS });
      await ui.command("Notifications: Show Notifications");
      await ui.page.getByRole("button", { name: "Copy Command" }).first().waitFor();
      await ui.shot("15-approval-needed");
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
      await ui.treeItem(/: live$/).waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.shot("16-approved");
    },
  ],
  [
    "the token of its own survives a reload of the window, and a removal there ends it",
    async (ui) => {
      await ui.page.reload();
      await showAccounts(ui);
      await ui.treeItem(/: live$/).waitFor({ timeout: SEEN_MS });
      const { paired } = await gateway.rpc<{ paired: { deviceId: string }[] }>("device.pair.list");
      if (paired.length !== 1) throw new Error(`${paired.length} devices are paired, not 1.`);
      await gateway.rpc("device.pair.remove", { deviceId: paired[0]?.deviceId });
      await ui.treeItem(/openclaw devices approve/).waitFor({ timeout: SEEN_MS });
      await ui.shot("17-removed-there");
      vscode.configure({ [URL_SETTING]: "", [FINGERPRINT]: "" });
    },
  ],
];

async function showAccounts(ui: Workbench): Promise<void> {
  const tab = ui.page.getByRole("tab", { name: /WhatsApp Continuity/ }).first();
  await tab.waitFor();
  if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
}

/** Opens the menu of a row; returns what it offers. */
async function menuOf(ui: Workbench, name: RegExp): Promise<readonly string[]> {
  await ui.treeItem(name).click({ button: "right" });
  const items = ui.page.locator(".monaco-menu [role=menuitem]");
  await items.first().waitFor();
  return items.allInnerTexts();
}

async function closeSource(ui: Workbench): Promise<void> {
  await ui.command("WhatsApp Continuity: Close Source");
  await ui.page.getByText("Connect to Local Gateway").first().waitFor();
}
