import * as assert from "node:assert/strict";
import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { COMMANDS, DEBUG_TYPE, TOOLS } from "../../src/ids.ts";
import { SAMPLES } from "../harness/sample-files.ts";
import { api, closeEverything, longestBlock, open, sample, until } from "./support.ts";

afterEach(closeEverything);

describe("activation", () => {
  it("takes at most 50 ms and registers every command of the manifest", async () => {
    const { activationMs } = await api();
    assert.ok(activationMs <= 50, `${activationMs} ms`);
    const commands = await vscode.commands.getCommands(true);
    const missing = Object.values(COMMANDS).filter((id) => !commands.includes(id));
    assert.deepEqual(missing, []);
    console.log(`# activation ${activationMs.toFixed(1)} ms, VS Code ${vscode.version}`);
  });
});

describe("sources", () => {
  it("reads an incident: accounts, cause, outage, successor", async () => {
    const feed = await open(SAMPLES.incident);
    await until("the end of the file", () => feed.state.phase === "complete");
    const view = feed.model.account("work");
    assert.equal(view?.phase, "open");
    assert.equal(view?.outages.past.length, 2);
    assert.equal(view?.controllers.at(-1)?.controllerId, 2);
  });

  it("reads a log of the official plugin without a number in it", async () => {
    const feed = await open(SAMPLES.official);
    await until("an outage", () => (feed.model.account("default")?.outages.past.length ?? 0) === 1);
    const all = JSON.stringify([...feed.model.buffer.from(0)]);
    assert.ok(!all.includes("15550100"), all);
  });

  it("follows a log through rotation, with a hole and no loss", async () => {
    const path = sample(SAMPLES.growing).fsPath;
    writeFileSync(path, "2026-05-22T12:00:00Z Listening for WhatsApp inbound messages\n");
    const feed = await open(SAMPLES.growing);
    await until(
      "live",
      () => feed.state.phase === "live" && feed.model.account("default")?.phase === "open",
    );
    appendFileSync(
      path,
      "2026-05-22T12:05:00Z [whatsapp] Web connection closed (status 428). Retry 1/12 in 2.2s…\n",
    );
    await until("the drop", () => feed.model.account("default")?.phase === "waiting");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "2026-05-22T12:05:04Z Listening for WhatsApp inbound messages\n");
    await until("the new file", () => feed.model.account("default")?.phase === "open");
    assert.ok(feed.model.gaps.some(({ sentence }) => sentence.includes("rotated")));
  });

  for (const [name, sentence] of [
    [SAMPLES.binary, "is not a text file"],
    [SAMPLES.future, "future version"],
  ] as const) {
    it(`says in one sentence why ${name} cannot be read`, async () => {
      const feed = await open(name);
      await until("the refusal", () => feed.state.phase === "failed");
      assert.ok(feed.state.sentence.includes(sentence), feed.state.sentence);
    });
  }

  it("shows a broken line as a hole and reads the rest", async () => {
    const feed = await open(SAMPLES.broken);
    await until("the end of the file", () => feed.state.phase === "complete");
    assert.equal(feed.model.gaps.length, 1);
    assert.match(feed.model.gaps[0]?.sentence ?? "", /broken\.incident\.jsonl:6/);
    assert.equal(feed.model.account("work")?.phase, "open");
  });

  it("keeps trying a gateway that is not there, and says so", async () => {
    const { opener } = await api();
    const feed = await opener.connectTo("ws://127.0.0.1:9");
    await until("the state", () => feed?.state.phase === "reconnecting");
    assert.match(feed?.state.sentence ?? "", /cannot be reached.*openclaw gateway run/);
  });

  it("refuses to send a token over plain ws to another machine", async () => {
    const { opener } = await api();
    assert.equal(
      await Promise.race([opener.connectTo("ws://gateway.example:1"), pause("asked")]),
      "asked",
    );
  });
});

describe("timeline", () => {
  it("draws an incident in a real page, and a record selected there opens its line", async () => {
    const { timelines } = await api();
    const frames: number[] = [];
    const measured = until("a measured frame", () => frames.at(-1));
    const subscription = timelines.onEvent(({ message }) => {
      if (message.type === "measured" && message.records > 0) frames.push(message.records);
    });
    await vscode.commands.executeCommand(COMMANDS.openTimelineFor, sample(SAMPLES.incident));
    assert.ok((await measured) > 20);
    subscription.dispose();
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    assert.ok(tab?.input instanceof vscode.TabInputWebview);
  });

  it("goes from a line of an incident to its place in the timeline", async () => {
    const { timelines } = await api();
    const editor = await vscode.window.showTextDocument(sample(SAMPLES.incident));
    editor.selection = new vscode.Selection(10, 0, 10, 0);
    const selected: number[] = [];
    const subscription = timelines.onEvent(({ message }) => {
      if (message.type === "select") selected.push(message.seq);
    });
    await vscode.commands.executeCommand(COMMANDS.revealRecord);
    assert.equal(await until("the selection", () => selected[0]), 10);
    subscription.dispose();
  });

  it("opens an incident as a custom editor and closes its source with it", async () => {
    const { hub } = await api();
    await vscode.commands.executeCommand(
      "vscode.openWith",
      sample(SAMPLES.incident),
      "whatsappContinuity.timelineEditor",
    );
    await until("the feed", () => hub.feeds.length === 1);
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await until("no feed", () => hub.feeds.length === 0);
  });

  it("draws 100,000 records with at most twice the work per frame of 1,000, and blocks nothing meanwhile", async () => {
    const blockMs = await longestBlock(async () => {
      const short = await shown(SAMPLES.thousand);
      await vscode.commands.executeCommand("workbench.action.newGroupRight");
      const long = await shown(SAMPLES.long);
      assert.deepEqual([short.records, long.records], [1_001, 100_001]);
      // In turn, so that a machine that is busy for a while slows both.
      for (let round = 0; round < ROUNDS; round += 1) {
        await short.pan(round);
        await long.pan(round);
      }
      const [shortMs, longMs] = [short.least(), long.least()];
      console.log(
        `# frame work: ${shortMs.toFixed(2)} ms with 1,000 records, ${longMs.toFixed(2)} ms with 100,000 (least of ${ROUNDS})`,
      );
      assert.ok(
        longMs <= Math.max(shortMs * 2, TOO_SHORT_MS),
        `${longMs} ms against ${shortMs} ms`,
      );
    });
    console.log(`# as a timeline: longest block of the extension host ${blockMs.toFixed(0)} ms`);
    assert.ok(blockMs <= MAX_BLOCK_MS, `${blockMs} ms`);
  });
});

describe("text of an incident", () => {
  it("of 100,000 records is told in words and folds, and blocks nothing meanwhile", async () => {
    const blockMs = await longestBlock(async () => {
      const { document } = await vscode.window.showTextDocument(sample(SAMPLES.long));
      const [from, to] = [50_000, 50_050];
      const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>(
        "vscode.executeInlayHintProvider",
        document.uri,
        new vscode.Range(from, 0, to, 0),
      );
      assert.equal(hints.length, to - from + 1);
      await vscode.commands.executeCommand(
        "vscode.executeHoverProvider",
        document.uri,
        new vscode.Position(to, 0),
      );
    });
    console.log(`# as text: longest block of the extension host ${blockMs.toFixed(0)} ms`);
    assert.ok(blockMs <= MAX_BLOCK_MS, `${blockMs} ms`);
  });
});

/** Frames measured of each; the least of them counts, because a busy machine only adds to it. */
const ROUNDS = 5;
/** A quarter of a frame's time at 60 Hz: below it nobody sees a difference, and noise decides. */
const TOO_SHORT_MS = 4;
/** Work at once in the extension host; 15 to 110 ms were measured, and 1,900 before it was cut into slices. */
const MAX_BLOCK_MS = 250;

/** A timeline, and what its frames cost while somebody pans. */
async function shown(name: string) {
  const { timelines } = await api();
  const feed = await open(name);
  await until("the end", () => feed.state.phase === "complete");
  const records = feed.model.buffer.end;
  const frames: number[] = [];
  timelines.onEvent(({ message }) => {
    if (message.type === "measured" && message.records === records) frames.push(message.frameMs);
  });
  timelines.open(feed);
  await until("all of it drawn", () => frames.length > 0);
  const measured: number[] = [];
  return {
    records,
    async pan(round: number): Promise<void> {
      const before = frames.length;
      for (let step = 0; frames.length === before && step < 60; step += 1) {
        const wallMs = midOf(feed) + (round * 60 + step) * 1_000;
        timelines.open(feed, { type: "revealTime", track: feed.id, wallMs });
        await pause("next");
      }
      measured.push(await until("a frame", () => frames.at(-1)));
    },
    least: (): number => Math.min(...measured),
  };
}

describe("why was I down?", () => {
  it("answers in a document", async () => {
    const feed = await open(SAMPLES.incident);
    await until("the end", () => feed.state.phase === "complete");
    await vscode.commands.executeCommand(COMMANDS.explain);
    const text = await until("the document", () =>
      vscode.window.activeTextEditor?.document.getText(),
    );
    assert.match(text, /The connection went silent/);
    assert.match(text, /Recovered: 12 messages kept by WhatsApp/);
  });

  it("answers a language model, without a number or name", async () => {
    const feed = await open(SAMPLES.official);
    await until("records", () => feed.model.buffer.length > 3);
    const token = new vscode.CancellationTokenSource().token;
    for (const tool of Object.values(TOOLS)) {
      const result = await vscode.lm.invokeTool(
        tool,
        { input: {}, toolInvocationToken: undefined },
        token,
      );
      const [part] = result.content;
      assert.ok(part instanceof vscode.LanguageModelTextPart);
      assert.ok(part.value.length > 50, part.value);
      assert.ok(!part.value.includes("15550100"), part.value);
    }
  });
});

describe("attach", () => {
  it("pauses while records come in, steps back, and returns to the live end", async () => {
    const path = sample(SAMPLES.growing).fsPath;
    rmSync(`${path}.1`, { force: true });
    writeFileSync(
      path,
      "2026-05-22T12:00:00Z Listening for WhatsApp inbound messages\n2026-05-22T12:05:00Z [whatsapp] Web connection closed (status 428). Retry 1/12 in 2.2s…\n",
    );
    const events: { readonly event: string; readonly body: { readonly reason: string } }[] = [];
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message: { type: string; event: string; body: { reason: string } }) => {
          if (message.type === "event") events.push(message);
        },
      }),
    });
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.equal(await vscode.debug.startDebugging(folder, "Attach"), true);
    const session = await until("a session", () => vscode.debug.activeDebugSession);
    const stops = (): number => events.filter(({ event }) => event === "stopped").length;
    await until("a thread", async () => {
      const { threads } = (await session.customRequest("threads")) as { threads: unknown[] };
      return threads.length > 0;
    });
    await session.customRequest("pause", { threadId: 1 });
    await until("the pause", () => stops() === 1);
    await until(
      "a frame in the editor",
      () => vscode.debug.activeStackItem instanceof vscode.DebugStackFrame,
    );
    const top = async (): Promise<string> => {
      const { stackFrames } = (await session.customRequest("stackTrace", { threadId: 1 })) as {
        stackFrames: { name: string }[];
      };
      return stackFrames[0]?.name ?? "";
    };
    const paused = await top();
    appendFileSync(path, "2026-05-22T12:05:04Z Listening for WhatsApp inbound messages\n");
    const { hub } = await api();
    await until(
      "ingest while paused",
      () => hub.feeds[0]?.model.account("default")?.phase === "open",
    );
    assert.equal(await top(), paused);
    await vscode.commands.executeCommand("workbench.action.debug.stepBack");
    await until("the step", () => stops() === 2);
    assert.notEqual(await top(), paused);
    const { result } = (await session.customRequest("evaluate", {
      expression: "account.phase",
      frameId: 2 + 1,
    })) as { result: string };
    assert.equal(result, '"waiting"');
    await vscode.commands.executeCommand("workbench.action.debug.continue");
    await until("running", () => !(vscode.debug.activeStackItem instanceof vscode.DebugStackFrame));
    await vscode.debug.stopDebugging(session);
    tracker.dispose();
  });
});

function midOf(feed: Awaited<ReturnType<typeof open>>): number {
  const { buffer } = feed.model;
  return buffer.at(Math.floor((buffer.first + buffer.end) / 2))?.wallMs ?? 0;
}

function pause<T>(value: T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(resolve, 150, value);
  });
}
