import { describe, expect, test } from "vitest";
import { ANSWER_MS, marker, type TheStage } from "../stage.ts";
import { channelStatus, statusOf } from "../status.ts";

const SETTINGS = (config: Record<string, unknown>) =>
  ({ plugins: { entries: { "whatsapp-continuity": { config } } } }) as never;

export function hostSuite(stage: TheStage): void {
  describe("the gateway", () => {
    test("sends on request and names WhatsApp's message id", async () => {
      const { alice, gateway } = stage();
      const word = marker();
      const sent = await gateway.rpc<{ messageId?: string }>("send", {
        channel: "whatsapp",
        to: `+${alice.user.pn}`,
        message: `from the operator ${word}`,
        idempotencyKey: word,
      });
      const received = await alice.inbox.waitFor(({ text }) => text.includes(word), ANSWER_MS);
      expect(received.id).toBe(sent.messageId);
    });

    test("shows a healthy account in its own status", async () => {
      const { channelAccounts, statusIssues } = await channelStatus(stage().gateway);
      expect(channelAccounts["whatsapp"]).toMatchObject([
        {
          accountId: "default",
          linked: true,
          connected: true,
          lifecycle: "ready",
          healthState: "healthy",
          lastTransportActivityAt: expect.any(Number) as number,
        },
      ]);
      expect(statusIssues ?? []).toEqual([]);
    });

    test("takes changed settings without closing the socket", async () => {
      const { gateway } = stage();
      const before = await statusOf(gateway);
      await gateway.configPatch(SETTINGS({ keepalive: { intervalSeconds: 90 } }));
      await expect
        .poll(async () => (await statusOf(gateway)).keepalive.intervalMs, { timeout: 10_000 })
        .toBe(90_000);
      const after = await statusOf(gateway);
      expect([after.socketId, after.controller]).toEqual([before.socketId, before.controller]);
    });

    test("refuses a setting that does not exist and keeps the account up", async () => {
      const { gateway } = stage();
      const broken = gateway.configPatch(SETTINGS({ keepalive: { interval: 1 } }));
      await expect(broken).rejects.toThrow(/interval/);
      expect((await statusOf(gateway)).phase).toBe("open");
    });

    test("shows records on request and live, without anything that leads to people", async () => {
      const { account, alice, answers, gateway } = stage();
      const live = gateway.waitForEvent(
        ({ event }) => event === "plugin.whatsapp-continuity.records",
        { timeoutMs: ANSWER_MS },
      );
      const word = marker();
      await alice.write(account, `please say ${word}`);
      await answers.first(alice, word);
      const { payload } = await live;
      const page = await gateway.rpc<{ boot: string; records: { seq: number }[] }>(
        "whatsappContinuity.records",
        { limit: 500 },
      );
      expect(payload).toMatchObject({ boot: page.boot });
      const seqs = page.records.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
      const shown = JSON.stringify([payload, page]);
      for (const secret of [word, alice.user.pn, alice.user.lid, account.user.pn]) {
        expect(shown).not.toContain(secret);
      }
    });

    test("starts an account anew on request, with one socket after the other", async () => {
      const { gateway } = stage();
      const before = await statusOf(gateway);
      await gateway.rpc("whatsappContinuity.restart", { accountId: "default" });
      await expect
        .poll(async () => (await statusOf(gateway)).phase, { timeout: ANSWER_MS })
        .toBe("open");
      expect((await statusOf(gateway)).socketId).toBeGreaterThan(before.socketId ?? 0);
    });

    test("answers a request that makes no sense with what to change", async () => {
      const { gateway } = stage();
      const unknown = gateway.rpc("whatsappContinuity.restart", { accountId: "nobody" });
      await expect(unknown).rejects.toThrow(/no WhatsApp account nobody; configured are default/);
      const tooMany = gateway.rpc("whatsappContinuity.records", { limit: 0 });
      await expect(tooMany).rejects.toThrow(/limit must be/);
    });
  });
}
