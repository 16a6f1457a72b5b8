import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readQrPicture } from "fixtures/demo/scan";
import { describe, expect, test } from "vitest";
import { loadFileLock } from "../../../src/channel/file-lock.ts";
import { marker, type TheStage } from "../stage.ts";
import { channelStatus, pluginStatus, statusOf, untilPhase } from "../status.ts";

const DEFAULT_ACCOUNT = { channel: "whatsapp", accountId: "default" } as const;

export function lifecycleSuite(stage: TheStage): void {
  const answered = async (): Promise<void> => {
    const { account, alice, answers } = stage();
    const word = marker();
    await alice.write(account, `please say ${word}`);
    await answers.first(alice, word);
  };

  test("a reload of the plugin's code hands the account to a successor that knows its predecessor", async () => {
    const { gateway } = stage();
    const before = await statusOf(gateway);
    await gateway.rpc(
      "plugins.reload",
      { plugins: [{ pluginId: "whatsapp-continuity" }] },
      { timeoutMs: 60_000 },
    );
    await untilPhase(gateway, "open");
    const after = await statusOf(gateway);
    expect(after.controller).toBeGreaterThan(before.controller ?? 0);
    expect(after.socketId).toBeGreaterThan(before.socketId ?? 0);
    await answered();
  });

  describe("accounts", () => {
    test("one more is started without closing the socket of the other", async () => {
      const { alice, answers, gateway, whatsapp } = stage();
      const before = await statusOf(gateway);
      const office = whatsapp.world.account("Office");
      const authDir = join(gateway.stateDir, "office-keys");
      await office.link(authDir);
      await gateway.configPatch({ channels: { whatsapp: { accounts: { office: { authDir } } } } });
      await untilPhase(gateway, "open", "office");
      const word = marker();
      await alice.write(office, `please say ${word}`);
      await answers.first(alice, word);
      const after = await statusOf(gateway);
      expect([after.controller, after.socketId]).toEqual([before.controller, before.socketId]);
      await gateway.configPatch({ channels: { whatsapp: { accounts: { office: null } } } });
      await expect
        .poll(async () => (await pluginStatus(gateway)).accounts.length, { timeout: 20_000 })
        .toBe(1);
    });

    test("without a linked device say how to link one", async () => {
      const { gateway } = stage();
      await gateway.configPatch({ channels: { whatsapp: { accounts: { fresh: {} } } } });
      const { channelAccounts, statusIssues } = await channelStatus(gateway);
      expect(channelAccounts["whatsapp"]).toContainEqual(
        expect.objectContaining({ accountId: "fresh", linked: false }),
      );
      expect(statusIssues).toContainEqual(
        expect.objectContaining({
          accountId: "fresh",
          kind: "auth",
          fix: "Run: openclaw channels login --channel whatsapp --account fresh",
        }),
      );
    });
  });

  describe("a device that", () => {
    test("another process uses is taken over when that one ends", async () => {
      const { gateway } = stage();
      await gateway.rpc("channels.stop", DEFAULT_ACCOUNT);
      const acquire = await loadFileLock();
      const lock = await acquire(gateway.authDir("default"), {
        retries: { retries: 50, factor: 1, minTimeout: 100, maxTimeout: 100 },
        stale: 300_000,
        staleRecovery: "remove-if-unchanged",
      });
      try {
        await gateway.rpc("channels.start", DEFAULT_ACCOUNT);
        await expect
          .poll(async () => (await statusOf(gateway)).cause?.id, { timeout: 20_000 })
          .toBe("owner-busy");
      } finally {
        await lock.release();
      }
      await untilPhase(gateway, "open");
    });

    test("has unreadable keys blocks the account, leaves every file and comes back with them", async () => {
      const { gateway } = stage();
      await gateway.rpc("channels.stop", DEFAULT_ACCOUNT);
      const authDir = gateway.authDir("default");
      const [creds, backup] = [join(authDir, "creds.json"), join(authDir, "creds.json.bak")];
      const intact = readFileSync(creds, "utf8");
      rmSync(backup, { force: true });
      writeFileSync(creds, intact.slice(0, 200));
      await gateway.rpc("channels.start", DEFAULT_ACCOUNT);
      await untilPhase(gateway, "blocked");
      expect((await statusOf(gateway)).cause).toMatchObject({
        id: "credentials-corrupt",
        action: expect.stringMatching(/^Restore the account's credentials folder/u) as string,
      });
      expect(readFileSync(creds, "utf8")).toBe(intact.slice(0, 200));
      writeFileSync(`${creds}.restored`, intact, { mode: 0o600 });
      renameSync(`${creds}.restored`, creds);
      await gateway.rpc("whatsappContinuity.restart");
      await untilPhase(gateway, "open");
    });

    test("was removed on the phone blocks the account until it is linked again in the gateway", async () => {
      const { account, gateway } = stage();
      account.unlinkAll();
      await untilPhase(gateway, "blocked");
      const { channelAccounts, statusIssues } = await channelStatus(gateway);
      expect(channelAccounts["whatsapp"]?.[0]).toMatchObject({
        running: false,
        lifecycle: "blocked",
        terminalDisconnect: true,
        lastError: expect.stringMatching(
          /removed on the phone.*openclaw channels login/u,
        ) as string,
      });
      expect(statusIssues?.map(({ kind }) => kind)).toContain("auth");

      const started = await gateway.rpc<{ qrDataUrl?: string; message: string }>(
        "web.login.start",
        { accountId: "default" },
        { timeoutMs: 60_000 },
      );
      expect(started.message).toMatch(/^Scan this code/u);
      await account.phone.scan(readQrPicture(started.qrDataUrl ?? ""));
      const linked = await gateway.rpc<{ connected: boolean; message: string }>(
        "web.login.wait",
        { accountId: "default" },
        { timeoutMs: 60_000 },
      );
      expect(linked).toMatchObject({ connected: true });
      await untilPhase(gateway, "open");
      await answered();
    });
  });
}
