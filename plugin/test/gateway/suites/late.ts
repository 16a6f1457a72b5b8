import { describe, expect, onTestFinished, test } from "vitest";
import { ANSWER_MS, answersIn, marker, type TheStage } from "../stage.ts";
import { statusOf, untilPhase } from "../status.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;

/** What is written while the link is down waits at the server until `back` is called. */
async function linkDown({ gateway, whatsapp }: ReturnType<TheStage>): Promise<() => Promise<void>> {
  whatsapp.faults.set("refuse", { stage: "upgrade", kind: "status", status: 503 });
  onTestFinished(() => void whatsapp.faults.clear("refuse"));
  whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
  await expect
    .poll(async () => (await statusOf(gateway)).phase, { timeout: 10_000 })
    .not.toBe("open");
  return async () => {
    whatsapp.faults.clear("refuse");
    await untilPhase(gateway, "open");
  };
}

export function lateSuite(stage: TheStage): void {
  describe("after a time without a connection", () => {
    test("a burst is one turn with real times, what is too old is context also for a new generation, and a stranger gets no code", async () => {
      const { account, alice, bob, answers, gateway, whatsapp } = stage();
      const stranger = whatsapp.world.contact("Dora");
      await gateway.configPatch({
        channels: {
          whatsapp: { dmPolicy: "pairing", allowFrom: [`+${alice.user.pn}`, `+${bob.user.pn}`] },
        },
      });
      const back = await linkDown(stage());
      const words = [marker(), marker(), marker()];
      const writtenAt = Date.now() - 20 * MINUTE_S * 1_000;
      const ids: string[] = [];
      for (const [index, word] of words.entries()) {
        const ageSeconds = (20 - index) * MINUTE_S;
        ids.push(await alice.write(account, `please say ${word}`, { ageSeconds }));
      }
      const old = marker();
      const oldId = await bob.write(account, `yesterday it was ${old}`, {
        ageSeconds: 26 * HOUR_S,
      });
      await stranger.write(account, "may I?", { ageSeconds: 10 * MINUTE_S });
      const last = words.at(-1) ?? "";
      gateway.model.script({ match: last, answer: `All of ${last}.`, times: 1 });
      await back();

      expect((await answers.first(alice, last)).text).toBe(`All of ${last}.`);
      const asked = gateway.model.requests.filter(({ newInput }) =>
        words.some((word) => newInput.includes(word)),
      );
      expect(asked).toHaveLength(1);
      const shown = asked[0]?.newInput ?? "";
      const places = words.map((word) => shown.indexOf(word));
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      expect(places[0]).toBeGreaterThan(0);
      // The envelope is in the host's time zone, so only the minute is compared; writing may have taken it into the next one.
      const minutes = [0, MINUTE_S * 1_000].map((ms) => new Date(writtenAt + ms).getUTCMinutes());
      const envelope = new RegExp(`:(\\d\\d):\\d\\d [^\\]]*\\] [^\\n]*${words[0]}`, "u").exec(
        shown,
      );
      expect(minutes).toContain(Number(envelope?.[1]));
      const readOf = (person: typeof alice): string[] =>
        person.seenReceipts.filter(({ type }) => type === "read").flatMap((each) => [...each.ids]);
      await expect
        .poll(() => readOf(alice), { timeout: ANSWER_MS })
        .toEqual(expect.arrayContaining(ids));
      expect(readOf(bob)).not.toContain(oldId);
      expect(answersIn(bob, old)).toEqual([]);

      // A new generation of the code has an empty memory: the journal has what no turn has shown.
      await gateway.rpc(
        "plugins.reload",
        { plugins: [{ pluginId: "whatsapp-continuity" }] },
        { timeoutMs: 60_000 },
      );
      await untilPhase(gateway, "open");
      const again = marker();
      await bob.write(account, `please say ${again}`);
      await answers.first(bob, again);
      const next = gateway.model.requests.find(({ lastUserText }) => lastUserText.includes(again));
      expect(next?.newInput).toContain(old);
      expect(stranger.inbox.messages).toEqual([]);
    });

    test("the owner hears of what was too old, in one message, where late.older says so", async () => {
      const { account, alice, bob, gateway } = stage();
      const settings = (older: string | null) => ({
        channels: { whatsapp: { defaultTo: older === null ? null : `+${bob.user.pn}` } },
        plugins: { entries: { "whatsapp-continuity": { config: { late: { older } } } } },
      });
      await gateway.configPatch(settings("notify"));
      onTestFinished(() => gateway.configPatch(settings(null)));
      const back = await linkDown(stage());
      for (const hours of [3, 4]) {
        await alice.write(account, `older ${marker()}`, { ageSeconds: hours * HOUR_S });
      }
      await back();
      const notice = await bob.inbox.waitFor(/too old to be answered/u, ANSWER_MS);
      expect(notice.text).toMatch(/^2 messages in 1 chat /u);
      expect(notice.text).toContain(`Alice (+${alice.user.pn}): 2`);
      expect(answersIn(bob, "too old to be answered")).toHaveLength(1);
    });
  });
}
