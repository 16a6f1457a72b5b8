/** A gateway that runs the official WhatsApp plugin: its log lines are understood, and what the other plugin would add is said. */
import type { Gateway } from "../../../fixtures/gateway/index.ts";
import type { WhatsAppServer } from "../../../fixtures/whatsapp-server/index.ts";
import { menuOf } from "./access-steps.ts";
import type { Step } from "./workbench.ts";

const SEEN_MS = 60_000;

export const officialSteps = (gateway: Gateway, whatsapp: WhatsAppServer): readonly Step[] => [
  [
    "a gateway without the plugin says so with what to install, and shows its account all the same",
    async (ui) => {
      await ui.page
        .getByRole("tab", { name: /WhatsApp Continuity/ })
        .first()
        .click();
      await ui.page.getByText("Connect to Local Gateway").first().click();
      await ui.treeItem(/live, log lines only/).waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.command("Notifications: Show Notifications");
      await ui.page.getByRole("button", { name: "Copy Install Command" }).first().waitFor();
      await ui.shot("20-official");
    },
  ],
  [
    "its outage is seen with the official plugin's own retries",
    async (ui) => {
      await ui.command("Notifications: Clear All Notifications");
      whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await ui.treeItem(/default: (?!connected)/).waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/outages?/i).waitFor({ timeout: SEEN_MS });
      await ui.command("WhatsApp Continuity: Open Timeline");
      await ui.timeline().locator(".row").nth(3).waitFor();
      await ui.shot("21-official-outage");
    },
  ],
  [
    "an account of it is restarted by the gateway's own means",
    async (ui) => {
      const skip = gateway.logLines().length;
      await menuOf(ui, /^default/);
      await ui.page.getByRole("menuitem", { name: "Restart Account" }).click();
      await gateway.waitForLog(({ message }) => /Listening for/.test(message), {
        skip,
        timeoutMs: SEEN_MS,
      });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.shot("22-official-restarted");
    },
  ],
];
