import { describe, expect, onTestFinished, test } from "vitest";
import { ANSWER_MS, marker, type TheStage } from "../stage.ts";
import { channelStatus, statusOf, untilPhase } from "../status.ts";

/** Plays after a suite that kills the gateway. */
export function outageSuite(stage: TheStage): void {
  test("the time in which the gateway was killed and not running is in its account of outages", async () => {
    const { outages } = await outagesOf(stage().gateway);
    const killed = outages.find(({ causeId }) => causeId === "gateway-died");
    expect(killed?.line).toMatch(/^outage \S+ -> \S+ \(.+, gateway-died\): /u);
  });

  describe("while the link is cut", () => {
    test("a reply that becomes ready waits and arrives on the next socket", async () => {
      const { account, alice, answers, gateway, whatsapp } = stage();
      const word = marker();
      const rule = gateway.model.script({
        match: word,
        answer: `Late but ${word}.`,
        holdAfterChunks: 0,
        times: 1,
      });
      // A model that holds on would hold up everything behind it when this test fails.
      onTestFinished(() => void gateway.model.release(rule));
      const before = await statusOf(gateway);
      await alice.write(account, `please say ${word}`);
      await gateway.model.waitForRequest(
        ({ lastUserText }) => lastUserText.includes(word),
        ANSWER_MS,
      );
      whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await expect
        .poll(async () => (await statusOf(gateway)).phase, { timeout: 10_000 })
        .not.toBe("open");
      gateway.model.release(rule);
      const answer = await answers.first(alice, word);
      expect(answer.text).toBe(`Late but ${word}.`);
      expect((await statusOf(gateway)).socketId).toBeGreaterThan(before.socketId ?? 0);
    });

    test("the status says why, that nothing needs to be done, and what was missed is answered", async () => {
      const { account, alice, answers, gateway, whatsapp } = stage();
      whatsapp.faults.set("refuse", { stage: "upgrade", kind: "status", status: 503 });
      onTestFinished(() => void whatsapp.faults.clear("refuse"));
      whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await expect
        .poll(async () => (await statusOf(gateway)).cause?.id, { timeout: ANSWER_MS })
        .toBe("http-unavailable");
      const { channelAccounts, statusIssues } = await channelStatus(gateway);
      expect(channelAccounts["whatsapp"]?.[0]).toMatchObject({
        running: true,
        connected: false,
        lifecycle: "recovering",
      });
      expect(statusIssues?.[0]).toMatchObject({
        message: expect.stringMatching(/^Reconnecting, attempt \d+: /u) as string,
        fix: expect.stringMatching(/^Nothing to do/u) as string,
      });
      expect(await outagesOf(gateway)).toMatchObject({
        current: { line: expect.stringMatching(/^outage \S+ -> now \(/u) as string },
      });
      const word = marker();
      await alice.write(account, `please say ${word}`);
      whatsapp.faults.clear("refuse");
      await untilPhase(gateway, "open");
      await answers.first(alice, word);
      const { current, outages } = await outagesOf(gateway);
      expect(current).toBeNull();
      expect(outages[0]).toMatchObject({ recoveredOffline: 1, revision: 0 });
      expect(outages[0]?.line).toMatch(
        /^outage \S+ -> \S+ \(.+\): 1 recovered \(1 offline, 0 history\), 0 duplicates dropped, 0 too old, 0 chats unanswered/u,
      );
      const asked = gateway.rpc("whatsappContinuity.outages", { limit: 0 });
      await expect(asked).rejects.toThrow("limit must be a whole number from 1 to 200");
    });
  });
}

interface Outages {
  readonly accountId: string;
  readonly current: { readonly line: string } | null;
  readonly outages: readonly {
    readonly causeId: string;
    readonly recoveredOffline: number;
    readonly line: string;
  }[];
}

async function outagesOf(gateway: ReturnType<TheStage>["gateway"]): Promise<Outages> {
  const { accounts } = await gateway.rpc<{ readonly accounts: readonly Outages[] }>(
    "whatsappContinuity.outages",
    { accountId: "default", limit: 20 },
  );
  const [own] = accounts;
  if (own === undefined) throw new Error("the account is not in the answer");
  return own;
}
