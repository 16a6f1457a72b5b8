/** Goal: whatever the server says about a message, and whenever, its caller and the journal hear one truth and the contact gets one message. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccountRuntime, SendOutcome } from "../../src/runtime/account.ts";
import type { OutgoingContent } from "../../src/runtime/ports.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

const ALICE = "Alice";
const alice = () => bench.server.world.contact(ALICE);
const chat = () => alice().jid("lid");

/** An ack of the server, as it would come for a message of ours, at a moment that no fault can choose. */
function serverSays(messageId: string, error?: string): void {
  const attrs = { class: "message", id: messageId, from: chat(), t: "1" };
  bench.server.connections
    .at(-1)
    ?.send({ tag: "ack", attrs: error === undefined ? attrs : { ...attrs, error } });
}

function idOf(sendId: string): string {
  return bench.journal.custody(sendId)?.messageId ?? "";
}

async function connectedAnew(socketId: number): Promise<void> {
  await bench.until(
    () => runtime.status().socketId === socketId && runtime.status().phase === "open",
    `socket ${socketId}`,
  );
}

/** Message stanzas that the server got, by id. */
function written(): string[] {
  return bench.server.transcript.entries.flatMap(({ dir, node }) =>
    dir === "in" && node.tag === "message" ? [node.attrs["id"] ?? ""] : [],
  );
}

function received(text: string) {
  return alice().inbox.messages.filter((message) => message.text === text);
}

describe("an ack that says no", () => {
  it("at once: refused, with what a person can do, and never written again", async () => {
    runtime = await bench.opened();
    bench.server.faults.set("no", { stage: "ack", kind: "error", code: "463" }, { times: 1 });
    const outcome = await bench.sendText(runtime, chat(), "to a stranger", "refused");
    expect(outcome).toMatchObject({ outcome: "refused", causeId: "reachout-timelock" });
    expect(outcome).toHaveProperty("sentence", expect.stringMatching(/463.*Wait/));
    expect(bench.journal.custody("refused")).toMatchObject({ state: "failed" });
    expect(written()).toEqual([idOf("refused")]);
  });

  it("long after the write: the same, for the caller that still waits", async () => {
    runtime = await bench.opened();
    alice().receipts = "none";
    bench.server.faults.set("silence", { stage: "ack", kind: "dropped" }, { times: 1 });
    const sent = bench.sendText(runtime, chat(), "late no", "late");
    await bench.until(() => bench.journal.custody("late")?.state === "written", "written");
    serverSays(idOf("late"), "463");
    await expect(sent).resolves.toMatchObject({ outcome: "refused", causeId: "reachout-timelock" });
    expect(bench.journal.custody("late")).toMatchObject({ state: "failed", left: true });
  });

  it("after one that said yes: what is proven is not taken back, and nothing is written again", async () => {
    runtime = await bench.opened();
    const outcome = await bench.sendText(runtime, chat(), "proven", "proven");
    expect(outcome).toMatchObject({ outcome: "acked" });
    const records = bench.recordsOf("send.acked").length;
    serverSays(idOf("proven"), "463");
    await bench.until(() => bench.recordsOf("send.acked").length > records, "the late ack");
    await bench.sendText(runtime, chat(), "next");
    expect(bench.journal.custody("proven")?.state).toMatch(/acked|delivered/);
    expect(await bench.sendText(runtime, chat(), "proven", "proven")).toEqual(outcome);
    expect(written()).toHaveLength(2);
  });
});

it("two acks are one: the caller is told once, and the next message of the chat goes on", async () => {
  runtime = await bench.opened();
  bench.server.faults.set("twice", { stage: "ack", kind: "duplicate" });
  const outcomes: SendOutcome[] = [];
  for (const text of ["one", "two"]) {
    const sent = bench.sendText(runtime, chat(), text, text);
    void sent.then((outcome) => outcomes.push(outcome));
    await sent;
  }
  await bench.until(() => bench.recordsOf("send.acked").length === 4, "all acks");
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(["acked", "acked"]);
  expect(bench.recordsOf("send.settle")).toHaveLength(2);
  expect(bench.recordsOf("invariant.report")).toEqual([]);
  await alice().inbox.waitFor("two");
  expect(alice().inbox.messages.map(({ text, copies }) => [text, copies])).toEqual([
    ["one", 1],
    ["two", 1],
  ]);
});

describe("an ack that was lost with its socket", () => {
  it("the successor writes the message again under its id, and the contact has one message", async () => {
    runtime = await bench.opened();
    alice().receipts = "none";
    bench.server.faults.set("lost", { stage: "ack", kind: "lost" });
    const sent = bench.sendText(runtime, chat(), "only once", "ack-lost");
    const { id } = await alice().inbox.waitFor("only once");
    bench.server.faults.clear("lost");
    bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
    await connectedAnew(2);
    await expect(sent).resolves.toMatchObject({ outcome: "acked", messageId: id });
    expect(written()).toEqual([id, id]);
    await bench.until(() => (received("only once")[0]?.copies ?? 0) === 2, "second copy");
    expect(received("only once").map((message) => message.id)).toEqual([id]);
  });

  it("an ack on the successor for what its predecessor wrote settles it", async () => {
    runtime = await bench.opened();
    alice().receipts = "none";
    bench.server.faults.set("lost", { stage: "ack", kind: "lost" });
    const sent = bench.sendText(runtime, chat(), "of the predecessor", "old");
    const { id } = await alice().inbox.waitFor("of the predecessor");
    bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
    await connectedAnew(2);
    // The successor's own copy is not acknowledged either; this is about the first.
    serverSays(id);
    await expect(sent).resolves.toMatchObject({ outcome: "acked", messageId: id });
    expect(bench.journal.custody("old")).toMatchObject({ state: "acked" });
  });

  it("an ack for what was given up already corrects the journal: it is not sent again", async () => {
    bench.policy = { ...bench.policy, sends: { ...bench.policy.sends, successorWaitMs: 300 } };
    runtime = await bench.opened();
    alice().receipts = "none";
    bench.server.faults.set("lost", { stage: "ack", kind: "lost" });
    const sent = bench.sendText(runtime, chat(), "given up", "expired");
    const { id } = await alice().inbox.waitFor("given up");
    bench.server.faults.set("away", { stage: "tcp", kind: "refused" });
    await bench.server.faultsSettled();
    bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
    const outcome = await sent;
    expect(outcome).toMatchObject({ causeId: "no-successor-in-time", left: true });
    bench.server.faults.clear();
    await bench.until(() => runtime.status().phase === "open", "open again");
    serverSays(id);
    await bench.until(() => bench.journal.custody("expired")?.state === "acked", "corrected");
    const again = await bench.sendText(runtime, chat(), "given up", "expired");
    expect(again).toMatchObject({ outcome: "acked", messageId: id });
    expect(written()).toEqual([id]);
  });
});

describe("what the host wants to know before a write", () => {
  const send = (sendId: string, beforeWrite: () => Promise<void>) =>
    runtime.send({
      sendId,
      chat: chat(),
      content: { operation: "text", text: sendId, quotedRaw: null, mentions: [] },
      beforeWrite,
    });

  it("is asked once, when a socket is there and before anything is written, and not again by a later attempt", async () => {
    runtime = await bench.opened();
    await runtime.stop("restart");
    alice().receipts = "none";
    bench.server.faults.set("lost", { stage: "ack", kind: "lost" });
    const asked: { phase: string; written: number; left: boolean | undefined }[] = [];
    const sent = send("asked", () => {
      const { phase } = runtime.status();
      const { left } = bench.journal.custody("asked") ?? {};
      asked.push({ phase, written: written().length, left });
      return Promise.resolve();
    });
    await bench.until(() => bench.recordsOf("send.hold").length === 1, "held");
    expect(asked).toEqual([]);
    runtime.start("supervisor");
    await alice().inbox.waitFor("asked");
    bench.server.faults.clear("lost");
    bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
    await expect(sent).resolves.toMatchObject({ outcome: "acked" });
    expect(asked).toEqual([{ phase: "open", written: 0, left: false }]);
    expect(written()).toHaveLength(2);
  });

  it("keeps the message back when the host says no: nothing is written, and nothing can have left", async () => {
    runtime = await bench.opened();
    const outcome = await send("kept back", () => Promise.reject(new Error("the claim was lost")));
    expect(outcome).toMatchObject({ outcome: "failed", causeId: "claim-lost", left: false });
    expect(bench.journal.custody("kept back")).toMatchObject({ state: "failed", left: false });
    await bench.sendText(runtime, chat(), "the next one");
    await alice().inbox.waitFor("the next one");
    expect(alice().inbox.messages).toHaveLength(1);
  });
});

describe("what is about a message that is still in custody", () => {
  const about = (sendId: string, content: OutgoingContent) =>
    runtime.send({ sendId, chat: chat(), content });

  it("waits behind it and arrives after it, referring to the id it has then", async () => {
    runtime = await bench.opened();
    await runtime.stop("restart");
    const sends = [bench.sendText(runtime, chat(), "first wording", "target")];
    const targetMessageId = idOf("target");
    sends.push(
      about("edit", { operation: "edit", targetMessageId, text: "second wording" }),
      about("react", { operation: "reaction", targetRaw: null, targetMessageId, emoji: "👍" }),
      about("unsend", { operation: "delete", targetMessageId }),
    );
    await bench.until(() => bench.recordsOf("send.hold").length === 4, "all held");
    runtime.start("supervisor");
    const outcomes = await Promise.all(sends);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array(4).fill("acked"));
    await alice().inbox.waitFor(({ kind }) => kind === "delete");
    const seen = alice().inbox.messages.map(({ kind, refersTo, copies }) => [
      kind,
      refersTo,
      copies,
    ]);
    expect(seen).toEqual([
      ["text", undefined, 1],
      ["edit", targetMessageId, 1],
      ["reaction", targetMessageId, 1],
      ["delete", targetMessageId, 1],
    ]);
    expect(alice().inbox.messages[0]?.id).toBe(targetMessageId);
    // Not merely begun after it: the server has each one before the next is written.
    const steps = bench.records.flatMap((record) =>
      record.kind === "send.dispatch" || record.kind === "send.settle"
        ? [`${record.kind} ${record.sendId}`]
        : [],
    );
    const inTurn = ["target", "edit", "react", "unsend"].flatMap((sendId) => [
      `send.dispatch ${sendId}`,
      `send.settle ${sendId}`,
    ]);
    expect(steps).toEqual(inTurn);
  });

  it("is refused with it: an edit of something nobody has makes no sense", async () => {
    runtime = await bench.opened();
    await runtime.stop("restart");
    const target = bench.sendText(runtime, chat(), "never", "target");
    const edit = about("edit", {
      operation: "edit",
      targetMessageId: idOf("target"),
      text: "never either",
    });
    await bench.until(() => bench.recordsOf("send.hold").length === 2, "both held");
    runtime.giveUp("target");
    await expect(target).resolves.toMatchObject({ outcome: "cancelled", left: false });
    await expect(edit).resolves.toMatchObject({ causeId: "target-not-sent", left: false });
    runtime.start("supervisor");
    await bench.until(() => runtime.status().phase === "open", "open");
    await bench.sendText(runtime, chat(), "something else");
    expect(alice().inbox.messages.map(({ text }) => text)).toEqual(["something else"]);
  });
});
