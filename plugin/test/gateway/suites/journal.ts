import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalStatus } from "../../../src/journal/index.ts";
import type { RecorderStatus } from "../../../src/recorder/index.ts";
import { ANSWER_MS, marker, type Stage, type TheStage } from "../stage.ts";

const CLI = join(import.meta.dirname, "../../../dist/cli.js");
const HOUR_MS = 3_600_000;
const READER = { scopes: ["operator.read"] } as const;

interface Page {
  readonly accountId: string;
  readonly messages: readonly {
    readonly messageId: string;
    readonly state: string;
    readonly reason: string;
    readonly content: unknown;
  }[];
}

interface Status {
  readonly recorder: RecorderStatus;
  readonly journals: Readonly<Record<string, JournalStatus>>;
}

export function journalSuite(stage: TheStage): void {
  describe("the journal", () => {
    test("gives texts to administrators only, and neither records nor status nor log have them", async () => {
      const { gateway } = stage();
      const { word, group, id } = await spokenInGroup(stage());
      const request = { chat: group, sinceMs: Date.now() - HOUR_MS };
      const { accountId, messages } = await gateway.rpc<Page>(
        "whatsappContinuity.messages",
        request,
      );
      expect(accountId).toBe("default");
      expect(messages.at(-1)).toMatchObject({
        messageId: id,
        state: "settled",
        reason: expect.stringMatching(/^context: ./u) as string,
        content: { type: "text", text: `we meet at ${word}` },
      });

      const refused = gateway.rpc("whatsappContinuity.messages", request, READER);
      await expect(refused).rejects.toThrow(/operator\.admin/u);
      for (const method of ["capture", "restart"]) {
        await expect(gateway.rpc(`whatsappContinuity.${method}`, {}, READER)).rejects.toThrow(
          /operator\.admin/u,
        );
      }
      const open = [
        await gateway.rpc("whatsappContinuity.records", { limit: 1_000 }, READER),
        await gateway.rpc("whatsappContinuity.status", {}, READER),
      ];
      expect(JSON.stringify(open)).toContain(id);
      expect(JSON.stringify(open)).not.toContain(word);
      expect(readFileSync(gateway.logFile, "utf8")).not.toContain(word);
    });

    test("is read by the command line while the gateway writes to it", async () => {
      const { alice, account, answers, gateway } = stage();
      const { word, group, id } = await spokenInGroup(stage());
      const inGroup = messagesCommand(gateway.stateDir, "--chat", group, "--since", "2h");
      expect(inGroup.messages.at(-1)).toMatchObject({ messageId: id });
      expect(JSON.stringify(inGroup)).toContain(word);

      const direct = marker();
      await alice.write(account, `please say ${direct}`, { addressing: "lid" });
      await answers.first(alice, direct);
      const byNumber = messagesCommand(gateway.stateDir, "--chat", `+${alice.user.pn}`);
      expect(JSON.stringify(byNumber.messages.at(-1)?.content)).toContain(direct);
      expect(JSON.stringify(byNumber)).not.toContain(word);
    });

    test("and the recorder show their state, counters included", async () => {
      const { gateway } = stage();
      const before = await gateway.rpc<Status>("whatsappContinuity.status");
      await spokenInGroup(stage());
      const { recorder, journals } = await gateway.rpc<Status>("whatsappContinuity.status");
      expect(recorder).toMatchObject({ boot: before.recorder.boot, refused: 0, failures: 0 });
      expect(recorder.lastSeq).toBeGreaterThan(before.recorder.lastSeq);
      expect(recorder.ring.records).toBeGreaterThan(0);
      expect(journals["default"]).toMatchObject({
        state: "ok",
        fault: null,
        spilled: 0,
        dropped: 0,
        quarantine: { files: 0 },
      });
      const settled = journals["default"]?.counts.settled ?? 0;
      expect(settled).toBeGreaterThan(before.journals["default"]?.counts.settled ?? 0);
      expect(journals["default"]?.sizeBytes).toBeGreaterThan(0);
    });

    test("lies below the state directory, closed to others", () => {
      const folder = join(stage().gateway.stateDir, "whatsapp-continuity", "default");
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      const files = readdirSync(folder).filter((name) => name.startsWith("journal.sqlite"));
      expect(files.toSorted()).toEqual([
        "journal.sqlite",
        "journal.sqlite-shm",
        "journal.sqlite-wal",
      ]);
      for (const name of files) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    });
  });
}

/** Something that is only context, so that it stands in no request to a model and in no answer. */
async function spokenInGroup({ account, alice, gateway, whatsapp }: Stage) {
  const word = marker();
  const team = whatsapp.world.group({ subject: "Plans", members: [alice, account] });
  const group = team.id;
  const id = await alice.write(team, `we meet at ${word}`);
  await expect
    .poll(
      async () => {
        const { messages } = await gateway.rpc<Page>("whatsappContinuity.messages", {
          chat: group,
        });
        return messages.at(-1)?.state;
      },
      { timeout: ANSWER_MS },
    )
    .toBe("settled");
  return { word, group, id };
}

function messagesCommand(stateDir: string, ...args: readonly string[]): Page {
  const run = spawnSync(process.execPath, [CLI, "messages", ...args, "--json"], {
    env: { ...process.env, OPENCLAW_STATE_DIR: stateDir },
    encoding: "utf8",
  });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(run.stdout) as Page;
}
