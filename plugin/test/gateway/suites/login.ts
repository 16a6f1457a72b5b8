import { readQrPicture } from "fixtures/demo/scan";
import { describe, expect, onTestFinished, test } from "vitest";
import { ANSWER_MS, marker, type TheStage } from "../stage.ts";
import { statusOf, untilPhase } from "../status.ts";

interface LoginAnswer {
  readonly qrDataUrl?: string;
  readonly message: string;
  readonly connected?: boolean;
}

interface ToolAnswer {
  readonly ok: boolean;
  readonly output?: { readonly content?: readonly { readonly text?: string }[] };
}

export function loginSuite(stage: TheStage): void {
  const askForCode = (params: object = {}): Promise<LoginAnswer> =>
    stage().gateway.rpc<LoginAnswer>(
      "web.login.start",
      { accountId: "default", ...params },
      { timeoutMs: 60_000 },
    );
  /** What the agent's tool says; the operator's token makes its bearer an owner. */
  const tool = async (action: string): Promise<string> => {
    const answer = await stage().gateway.rpc<ToolAnswer>(
      "tools.invoke",
      { name: "whatsapp_login", args: { action, accountId: "default" } },
      { timeoutMs: 60_000 },
    );
    return JSON.stringify(answer);
  };

  describe("somebody who asks for a code of a linked account", () => {
    test("hears its phase, its cause and what to do while it cannot connect", async () => {
      const { gateway, whatsapp } = stage();
      whatsapp.faults.set("refuse", { stage: "upgrade", kind: "status", status: 503 });
      onTestFinished(() => void whatsapp.faults.clear("refuse"));
      whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await untilPhase(gateway, "waiting");
      const { message, qrDataUrl } = await askForCode();
      expect(message).toMatch(
        /^This account is waiting to reconnect \(waiting\)\. WhatsApp is unav/u,
      );
      expect(message).toMatch(/Nothing to do: it reconnects by itself\. Next attempt in \d+ s\./u);
      expect(qrDataUrl).toBeUndefined();
      expect(await tool("status")).toMatch(/\((?:waiting|connecting)\)\. WhatsApp is unavailable/u);
      whatsapp.faults.clear("refuse");
      expect(await askForCode()).toMatchObject({ connected: true });
    });

    test("takes a connection back that somebody else had taken over", async () => {
      const { gateway, whatsapp } = stage();
      const lines = (): number =>
        gateway.logLines().filter(({ level, bindings }) => {
          return level === "ERROR" && bindings["plugin"] === "whatsapp-continuity";
        }).length;
      const before = lines();
      whatsapp.faults.set("taken", { stage: "open", kind: "replaced" }, { times: 1 });
      await untilPhase(gateway, "blocked");
      const { socketId, cause, attemptsLastHour } = await statusOf(gateway);
      expect({ id: cause?.id, socketId }).toEqual({ id: "conflict-external", socketId: null });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect((await statusOf(gateway)).attemptsLastHour).toBe(attemptsLastHour);
      expect(lines()).toBe(before + 1);
      expect(await askForCode()).toMatchObject({
        connected: true,
        message: expect.stringMatching(/^This account is connected \(open\)\./u) as string,
      });
    });
  });

  describe("the agent's tool", () => {
    test("connects an account anew in process", async () => {
      const { gateway } = stage();
      const before = await statusOf(gateway);
      expect(await tool("restart")).toContain("This account is connected (open).");
      const after = await statusOf(gateway);
      expect(after.controller).toBe(before.controller);
      expect(after.socketId).toBeGreaterThan(before.socketId ?? 0);
    });

    test("links the account anew and it runs", async () => {
      const { account, alice, answers, gateway } = stage();
      const said = await tool("relink");
      const picture = /data:image\/png;base64,[\w+/=]+/u.exec(said)?.[0] ?? "";
      expect(await tool("status")).toContain("Scan this code");
      await account.phone.scan(readQrPicture(picture));
      await untilPhase(gateway, "open");
      const word = marker();
      await alice.write(account, `please say ${word}`);
      await answers.first(alice, word);
    });
  });

  test("a restart by config hands the account to the next controller", async () => {
    const { account, alice, answers, gateway } = stage();
    const before = await statusOf(gateway);
    const naming = (name: string | null) =>
      gateway.configPatch({ channels: { whatsapp: { accounts: { default: { name } } } } });
    await naming("The shop");
    onTestFinished(() => naming(null));
    await expect
      .poll(async () => (await statusOf(gateway).catch(() => null))?.controller, {
        timeout: ANSWER_MS,
      })
      .toBeGreaterThan(before.controller ?? 0);
    await untilPhase(gateway, "open");
    const after = await statusOf(gateway);
    expect({ cause: after.cause, predecessors: after.predecessors }).toEqual({
      cause: null,
      predecessors: [],
    });
    const word = marker();
    await alice.write(account, `please say ${word}`);
    await answers.first(alice, word);
  });
}
