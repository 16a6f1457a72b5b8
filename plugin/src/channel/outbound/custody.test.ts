/** Goal: the gateway's queue is told the truth about every message, also between two controllers and after it gave one up. */
import { expect, test } from "vitest";
import type { SendOutcome } from "../../runtime/account.ts";
import type { OutboundCustody } from "../../runtime/ports.ts";
import { type AccountAtWork, AccountsAtWork } from "../accounts-at-work.ts";
import { sendIdOf } from "./delivery-id.ts";
import { asError } from "./delivery.ts";
import { giveUpDelivery } from "./reconcile.ts";

function ended(causeId: string | null, left: boolean): Exclude<SendOutcome, { outcome: "acked" }> {
  return { outcome: "refused", messageId: "3EB0", causeId, sentence: "Not sent.", left };
}

test.each([
  ["nothing can have left: again", ended("no-successor-in-time", false), true],
  ["it would be refused again", ended("rejected-before-sending", false), false],
  ["it would leave for another number", ended("identity-mismatch", false), false],
])("the gateway hears that %s", (_what, outcome, retryable) => {
  expect(asError(outcome)).toMatchObject({
    name: "PlatformMessageNotDispatchedError",
    retryable,
    message: "Not sent.",
  });
});

test("what may have left is not called undelivered: the gateway has to ask", () => {
  expect(asError(ended("never-acknowledged", true)).name).toBe("Error");
});

test("a retired delivery is given up in all its parts, what is proven stays", () => {
  const part = (index: number, state: OutboundCustody["state"]): OutboundCustody => ({
    sendId: sendIdOf({ queueId: "q1", index, count: 3, text: `part ${index}` }),
    messageId: `3EB0${index}`,
    chat: "15550100001@s.whatsapp.net",
    content: { operation: "text", text: `part ${index}`, quotedRaw: null, mentions: [] },
    state,
    attempts: 1,
    lastError: null,
    left: true,
    prepared: null,
  });
  const parts = [part(0, "acked"), part(1, "written"), part(2, "queued")];
  const givenUp: string[] = [];
  const failed: string[] = [];
  giveUpDelivery(
    { queueId: "q1" },
    {
      journal: {
        custodyWithPrefix: () => parts,
        updateCustody: (sendId, state) => void (state === "failed" && failed.push(sendId)),
      },
      runtime: { giveUp: (sendId) => void givenUp.push(sendId) },
    },
  );
  const open = parts.slice(1).map(({ sendId }) => sendId);
  expect({ givenUp, failed }).toEqual({ givenUp: open, failed: open });
});

test("between two controllers the one before keeps what is sent, as long as a reply may wait", () => {
  const accounts = new AccountsAtWork();
  const account = { accountId: "between-test" } as unknown as AccountAtWork;
  const successor = { accountId: "between-test" } as unknown as AccountAtWork;
  let expire: () => void = () => undefined;
  const timers = {
    start: (_delayMs: number, run: () => void) => {
      expire = run;
      return () => undefined;
    },
  };
  accounts.add(account);
  accounts.awaitSuccessor(account, timers, 120_000);
  expect(accounts.get("between-test")).toBeNull();
  expect(accounts.custodian("between-test")).toBe(account);
  accounts.add(successor);
  expect(accounts.custodian("between-test")).toBe(successor);
  accounts.awaitSuccessor(successor, timers, 120_000);
  expire();
  expect(accounts.custodian("between-test")).toBeNull();
});
