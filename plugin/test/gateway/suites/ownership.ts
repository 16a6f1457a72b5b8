import { describe, expect, test } from "vitest";
import { marker, type TheStage } from "../stage.ts";
import { channelStatus, pluginStatus } from "../status.ts";

/** One start of the gateway, one command and one reload, on a busy machine. */
const CHANGE_OF_OWNER_MS = 360_000;

const SETTLING_COMMAND = "openclaw plugins disable whatsapp";

/** Plays last, because a change of owner makes the gateway start again. */
export function ownershipSuite(stage: TheStage): void {
  describe("the channel's owner", () => {
    test("is this plugin while the official one is merely installed, and inspection finds nothing wrong", async () => {
      const { gateway } = stage();
      expect(gateway.pluginIds).toEqual(["whatsapp-continuity", "whatsapp"]);
      const { problems } = await pluginStatus(gateway);
      expect(problems).toEqual([]);
      const inspection = await gateway.cli(
        "plugins inspect whatsapp-continuity --runtime --json".split(" "),
      );
      expect(JSON.parse(inspection.stdout)).toMatchObject({
        plugin: { id: "whatsapp-continuity", status: "loaded", channelIds: ["whatsapp"] },
        diagnostics: [],
      });
    });

    test(
      "is the official plugin once it is enabled explicitly, and ours says which command settles it",
      async () => {
        const { account, alice, answers, gateway } = stage();
        const answered = async (): Promise<void> => {
          const word = marker();
          await alice.write(account, `please say ${word}`);
          await answers.first(alice, word);
        };
        await gateway.configPatch({ plugins: { entries: { whatsapp: { enabled: true } } } });
        await gateway.restart();
        await gateway.waitForLog(({ message }) => message.includes(SETTLING_COMMAND));
        await expect
          .poll(() => pluginStatus(gateway).catch(() => null), { timeout: 60_000 })
          .toMatchObject({
            accounts: [],
            problems: [{ message: expect.stringContaining(SETTLING_COMMAND) as string }],
          });
        // It never answers what waited for longer than a minute, so it must be connected first.
        await expect
          .poll(async () => (await channelStatus(gateway)).channelAccounts["whatsapp"]?.[0], {
            timeout: 120_000,
          })
          .toMatchObject({ connected: true });
        // By the other plugin, on the device that this one has linked.
        await answered();
      },
      CHANGE_OF_OWNER_MS,
    );
  });
}
