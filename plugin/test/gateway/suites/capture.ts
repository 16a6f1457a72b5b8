import { expect, describe, onTestFinished, test } from "vitest";
import type { Capture } from "../../../src/recorder/index.ts";
import { replayIncident, writeGolden } from "../../../src/replay/index.ts";
import { packedPlugin } from "../packed-plugin.ts";
import { RegressionRepository } from "../regression-repository.ts";
import { ANSWER_MS, marker, type TheStage } from "../stage.ts";
import { statusOf, untilPhase } from "../status.ts";

export function captureSuite(stage: TheStage): void {
  describe("a live outage becomes a regression test", () => {
    test("captured since the last loss of the connection, it replays without divergence and names nobody", async () => {
      const { account, alice, answers, gateway, whatsapp } = stage();
      whatsapp.faults.set("refuse", { stage: "upgrade", kind: "status", status: 502 });
      onTestFinished(() => void whatsapp.faults.clear("refuse"));
      whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await expect
        .poll(async () => (await statusOf(gateway)).cause?.id, { timeout: ANSWER_MS })
        .toBe("http-unavailable");
      const word = marker();
      await alice.write(account, `please say ${word}`);
      whatsapp.faults.clear("refuse");
      await untilPhase(gateway, "open");
      await answers.first(alice, word);

      const capture = await gateway.rpc<Capture>("whatsappContinuity.capture", {
        since: "healthy",
        title: "Upgrade refused with 502",
      });
      expect(capture).toMatchObject({ replayable: true, accounts: ["default"] });
      expect(capture.removed.people).toBeGreaterThan(0);

      const { pn, lid } = alice.user;
      const own = account.user;
      const forbidden = [
        word,
        "please say",
        "You said",
        "Alice",
        "Shop",
        "@s.whatsapp.net",
        "@lid",
      ];
      for (const identity of [...forbidden, pn, lid, own.pn, own.lid]) {
        expect(capture.text).not.toContain(identity);
      }

      // The capture has its own decisions to be compared with; a golden makes it a test.
      const incident = {
        incident: "captured",
        file: capture.fileName,
        evidence: capture.text,
        golden: null,
      };
      const { result, decisions } = replayIncident(incident);
      expect(result).toMatchObject({
        ok: true,
        diverged: 0,
        first: null,
        comparedWith: "recorded",
      });
      expect(decisions.map(({ rule }) => rule)).toContain("close/transient");
      const golden = { file: "captured.expected.jsonl", text: writeGolden(incident) };
      expect(replayIncident({ ...incident, golden }).result).toMatchObject({ ok: true });

      const repository = new RegressionRepository(await packedPlugin());
      onTestFinished(() => repository.remove());
      expect(repository.commit(capture.fileName, capture.text).status).toBe(0);
      for (const identity of [...forbidden, pn, lid, own.pn, own.lid])
        expect(repository.contents()).not.toContain(identity);
      expect(repository.replay()).toMatchObject({
        status: 0,
        out: expect.stringContaining("as expected"),
      });
      const slower = { file: "backoff.ts", from: "normal: 1_000,", to: "normal: 60_000," };
      expect(repository.replayEdited(slower)).toMatchObject({
        status: 1,
        out: expect.stringMatching(/decisions differ, the first at seq \d+/),
      });
    });

    test("an hour of everything that this gateway did is decided the same again", async () => {
      const { gateway } = stage();
      const { text, fileName, replayable } = await gateway.rpc<Capture>(
        "whatsappContinuity.capture",
        { minutes: 60 },
      );
      expect(replayable).toBe(true);
      const incident = { incident: "hour", file: fileName, evidence: text, golden: null };
      expect(replayIncident(incident).result).toMatchObject({ ok: true, diverged: 0, first: null });
    });
  });
}
