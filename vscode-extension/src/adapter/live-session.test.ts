import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, test } from "vitest";
import { RecordBuffer } from "../model/record-buffer.ts";
import { outageStory, timed } from "../model/story.test-support.ts";
import { LiveSession } from "./live-session.ts";

/** A client of the adapter's own protocol: requests in, responses and events out. */
class Client {
  readonly buffer = new RecordBuffer();
  readonly events: DebugProtocol.Event[] = [];
  readonly #responses = new Map<number, DebugProtocol.Response>();
  readonly #session: LiveSession;
  readonly #appended: (() => void)[] = [];
  #seq = 0;

  constructor() {
    const target = {
      label: "story",
      buffer: this.buffer,
      onAppend: (listener: () => void) => {
        this.#appended.push(listener);
        return () => undefined;
      },
      onEnd: () => () => undefined,
    };
    this.#session = new LiveSession({ resolve: () => Promise.resolve(target) });
    this.#session.onDidSendMessage((sent) => {
      const message = sent as DebugProtocol.ProtocolMessage;
      if (message.type === "event") this.events.push(message as DebugProtocol.Event);
      const response = message as DebugProtocol.Response;
      if (message.type === "response") this.#responses.set(response.request_seq, response);
    });
  }

  append(from: number, to: number): void {
    for (const record of timed(outageStory()).slice(from, to)) this.buffer.append(record);
    for (const listener of this.#appended) listener();
  }

  async ask<T>(command: string, args: object = {}): Promise<T> {
    this.#seq += 1;
    const seq = this.#seq;
    this.#session.handleMessage({
      seq,
      type: "request",
      command,
      arguments: args,
    } as DebugProtocol.Request);
    await new Promise((resolve) => setImmediate(resolve));
    const response = this.#responses.get(seq);
    if (response?.success !== true) throw new Error(response?.message ?? `${command}: no answer`);
    return response.body as T;
  }

  /** The frames, cause first last, as names. */
  async frames(): Promise<string[]> {
    const { stackFrames } = await this.ask<{ stackFrames: DebugProtocol.StackFrame[] }>(
      "stackTrace",
      { threadId: 1 },
    );
    return stackFrames.map(({ name }) => name);
  }

  async attach(): Promise<void> {
    await this.ask("initialize", { adapterID: "whatsapp-continuity", pathFormat: "path" });
    await this.ask("attach");
    await this.ask("configurationDone");
  }

  stops(): string[] {
    return this.events
      .filter(({ event }) => event === "stopped")
      .map(({ body }) => String(body.reason));
  }
}

test("one thread per account; pausing freezes the cursor while records come in; stepping walks both ways", async () => {
  const client = new Client();
  client.append(0, 10);
  await client.attach();
  expect(await client.ask("threads")).toEqual({ threads: [{ id: 1, name: "work" }] });
  await client.ask("pause", { threadId: 1 });
  expect(await client.frames()).toEqual(["socket.closed: socket closed: 408 Connection was lost"]);
  client.append(10, 14);
  expect(await client.frames()).toEqual(["socket.closed: socket closed: 408 Connection was lost"]);
  await client.ask("next", { threadId: 1 });
  expect(await client.frames()).toEqual([
    "timer.start: reconnect in 2 s",
    "socket.closed: socket closed: 408 Connection was lost",
  ]);
  await client.ask("stepBack", { threadId: 1 });
  await client.ask("stepBack", { threadId: 1 });
  expect((await client.frames())[0]).toContain("message.journalled");
  expect(client.stops()).toEqual(["pause", "step", "step", "step"]);
});

test("the account is shown as it was at the cursor, and paths into it can be evaluated", async () => {
  const client = new Client();
  client.append(0, 25);
  await client.attach();
  await client.ask("pause", { threadId: 1 });
  const phase = async (): Promise<string> => {
    const frames = await client.ask<{ stackFrames: { id: number }[] }>("stackTrace", {
      threadId: 1,
    });
    const frameId = frames.stackFrames[0]?.id;
    return (
      await client.ask<{ result: string }>("evaluate", { expression: "account.phase", frameId })
    ).result;
  };
  expect(await phase()).toBe('"open"');
  await client.ask("setExceptionBreakpoints", { filters: ["warning"] });
  await client.ask("reverseContinue", { threadId: 1 });
  expect((await client.frames())[0]).toContain("ENOTFOUND");
  expect(await phase()).toBe('"waiting"');
  await expect(client.ask("evaluate", { expression: "account.nothing" })).rejects.toThrow(
    "Nothing at",
  );
});

test("a live record that an exception filter names stops the session; continuing returns to the live end", async () => {
  const client = new Client();
  client.append(0, 5);
  await client.attach();
  await client.ask("setExceptionBreakpoints", { filters: ["warning"] });
  client.append(5, 12);
  expect(client.stops()).toEqual(["exception"]);
  expect((await client.frames())[0]).toContain("408 Connection was lost");
  await client.ask("continue", { threadId: 1 });
  client.append(12, 13);
  expect(client.stops()).toEqual(["exception"]);
});

test("a breakpoint on a line of the records so far stops on the way back, one on a kind or rule on the way on", async () => {
  const client = new Client();
  client.append(0, 10);
  await client.attach();
  await client.ask("pause", { threadId: 1 });
  const frames = await client.ask<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", {
    threadId: 1,
  });
  const sourceReference = frames.stackFrames[0]?.source?.sourceReference;
  const { breakpoints } = await client.ask<{ breakpoints: DebugProtocol.Breakpoint[] }>(
    "setBreakpoints",
    {
      source: { sourceReference },
      breakpoints: [
        { line: 3 },
        { line: 5, condition: "kind == 7" },
        { line: 6, condition: "kin" },
      ],
    },
  );
  expect(breakpoints.map(({ verified }) => verified)).toEqual([true, true, false]);
  await client.ask("reverseContinue", { threadId: 1 });
  expect(client.stops().at(-1)).toBe("breakpoint");
  expect((await client.frames())[0]).toContain("owner.resolved");
  const condition = 'event.timer == "reconnect"';
  await client.ask("setFunctionBreakpoints", { breakpoints: [{ name: "timer.*", condition }] });
  await client.ask("continue", { threadId: 1 });
  client.append(10, 14);
  expect(client.stops().at(-1)).toBe("function breakpoint");
  expect((await client.frames())[0]).toContain("reconnect in 2 s");
});

test("at both ends of the buffer stepping stays and says so", async () => {
  const client = new Client();
  client.append(0, 2);
  await client.attach();
  await client.ask("pause", { threadId: 1 });
  await client.ask("next", { threadId: 1 });
  expect(client.events.filter(({ event }) => event === "output").at(-1)?.body.output).toContain(
    "the live end",
  );
  await client.ask("stepBack", { threadId: 1 });
  await client.ask("stepBack", { threadId: 1 });
  expect(client.stops().at(-1)).toBe("entry");
});
