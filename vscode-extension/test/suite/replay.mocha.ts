import * as assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { COMMANDS, DEBUG_TYPE } from "../../src/ids.ts";
import { SAMPLES } from "../harness/sample-files.ts";
import { api, closeEverything, sample, until } from "./support.ts";

const CLOSED_LINE = 221;

afterEach(closeEverything);

describe("the text of an incident", () => {
  it("has hints, hovers with the cause's sentence, folds and lenses; a golden has no lenses", async () => {
    const document = await vscode.workspace.openTextDocument(sample(SAMPLES.reported));
    await api();
    const { uri } = document;
    const at = new vscode.Position(CLOSED_LINE - 1, 5);
    const ask = <T>(command: string, ...args: unknown[]): Thenable<T> =>
      vscode.commands.executeCommand<T>(command, uri, ...args);
    const [hover] = await ask<vscode.Hover[]>("vscode.executeHoverProvider", at);
    const [content] = hover?.contents ?? [];
    const text = content instanceof vscode.MarkdownString ? content.value : "";
    assert.match(text, /428 Connection Terminated[^]*Cause `closed-by-server`/);
    const whole = new vscode.Range(0, 0, CLOSED_LINE, 0);
    const hints = await ask<vscode.InlayHint[]>("vscode.executeInlayHintProvider", whole);
    const hint = hints.find(({ position }) => position.line === CLOSED_LINE - 1);
    assert.match(
      typeof hint?.label === "string" ? hint.label : "",
      /^\+0:31:03\.238 <- socket closed/,
    );
    const folds = await ask<vscode.FoldingRange[]>("vscode.executeFoldingRangeProvider");
    assert.ok(folds.some(({ start }) => start > 0));
    const lenses = await ask<vscode.CodeLens[]>("vscode.executeCodeLensProvider");
    assert.deepEqual(
      lenses.map(({ command }) => command?.command),
      [COMMANDS.replayIncident, COMMANDS.debugIncident, COMMANDS.openTimelineFor],
    );
    const golden = sample(SAMPLES.reported.replace(".jsonl", ".expected.jsonl"));
    await vscode.workspace.openTextDocument(golden);
    const none = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      "vscode.executeCodeLensProvider",
      golden,
    );
    assert.deepEqual(none, []);
  });
});

describe("incidents as tests", () => {
  it("are listed by folder and replayed with the workspace's plugin; an altered expectation fails", async () => {
    const { tests } = await api();
    await tests.controller.resolveHandler?.(undefined);
    const item = tests.itemOf(sample(SAMPLES.reported));
    assert.equal(item?.parent?.label, "fixtures/incidents");
    const results: boolean[] = [];
    const listening = tests.onDidFinish(({ passed }) => results.push(passed));
    const golden = sample(SAMPLES.reported.replace(".jsonl", ".expected.jsonl")).fsPath;
    const text = readFileSync(golden, "utf8");
    const token = new vscode.CancellationTokenSource().token;
    const request = new vscode.TestRunRequest(item === null ? [] : [item]);
    try {
      await tests.run(request, "core", token);
      writeFileSync(golden, text.replace('"start/claim"', '"start/otherwise"'));
      await tests.run(request, "core", token);
    } finally {
      writeFileSync(golden, text);
      listening.dispose();
    }
    assert.deepEqual(results, [true, false]);
  });
});

describe("a debug session on an incident", () => {
  it("stops at a breakpoint, goes back and on, and watches a field", async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const uri = sample(SAMPLES.reported);
    const stops: { reason: string; text?: string }[] = [];
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: () => ({
        onDidSendMessage(message: { event?: string; body?: { reason: string } }) {
          if (message.event === "stopped" && message.body !== undefined) stops.push(message.body);
        },
      }),
    });
    const breakpoint = new vscode.SourceBreakpoint(
      new vscode.Location(uri, new vscode.Position(CLOSED_LINE - 1, 0)),
      true,
      'state.connection.phase == "waiting"',
    );
    vscode.debug.addBreakpoints([breakpoint]);
    const configuration = {
      type: DEBUG_TYPE,
      request: "launch",
      name: "Incident",
      program: uri.fsPath,
      stopOnEntry: false,
    };
    assert.equal(await vscode.debug.startDebugging(folder, configuration), true);
    const session = await until("a session", () => vscode.debug.activeDebugSession);
    await until("the breakpoint", () => stops.at(-1)?.reason === "breakpoint");
    await session.customRequest("stepBack", { threadId: 1 });
    await until("the step", () => stops.at(-1)?.reason === "step");
    await session.customRequest("setDataBreakpoints", {
      breakpoints: [{ dataId: JSON.stringify(["default", "connection.phase"]) }],
    });
    await session.customRequest("reverseContinue", { threadId: 1 });
    await until("the change", () => stops.at(-1)?.text?.endsWith('"connecting" -> "open"'));
    vscode.debug.removeBreakpoints([breakpoint]);
    await vscode.debug.stopDebugging(session);
    tracker.dispose();
  });
});

describe("a step back at record 100,000", () => {
  it("takes at most 50 ms through the editor, with the stack that is shown then", async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const uri = sample(SAMPLES.long);
    const stops: string[] = [];
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: () => ({
        onDidSendMessage({ event }: { event?: string }) {
          if (event === "stopped") stops.push(event);
        },
      }),
    });
    const configuration = {
      type: DEBUG_TYPE,
      request: "launch",
      name: "Long",
      program: uri.fsPath,
      // In this thread, whose work is measured.
      code: "bundled",
      line: 100_000,
    };
    assert.equal(await vscode.debug.startDebugging(folder, configuration), true);
    const session = await until("a session", () => vscode.debug.activeDebugSession);
    await until("the record", () => stops.length === 1);
    const times: number[] = [];
    const works: number[] = [];
    for (let step = 0; step < 15; step += 1) {
      const before = stops.length;
      const began = performance.now();
      const workedBefore = workedMs();
      await session.customRequest("stepBack", { threadId: 1 });
      while (stops.length === before) await new Promise(setImmediate);
      await session.customRequest("stackTrace", { threadId: 1 });
      times.push(performance.now() - began);
      works.push(workedMs() - workedBefore);
      // What the editor asks for itself after a stop is no part of the next step.
      await new Promise((later) => setTimeout(later, 100));
    }
    const [wall, work] = [medianOf(times), medianOf(works)];
    console.log(
      `# step back in the editor: median ${wall.toFixed(1)} ms through the page and back, ${work.toFixed(1)} ms of work`,
    );
    await vscode.debug.stopDebugging(session);
    tracker.dispose();
    // Work of this thread: what the page and other programs take on a busy machine is not the adapter's.
    assert.ok(work <= 50, `${work} ms`);
  });
});

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Infinity;
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** The top frame of what is looked at, when it belongs to a session of this type. */
async function topFrame(
  type: string,
): Promise<{ readonly source?: { readonly path?: string }; readonly line: number } | null> {
  const item = vscode.debug.activeStackItem;
  if (!(item instanceof vscode.DebugStackFrame) || item.session.type !== type) return null;
  const { stackFrames } = (await item.session.customRequest("stackTrace", {
    threadId: item.threadId,
    startFrame: 0,
    levels: 1,
  })) as { readonly stackFrames: readonly { readonly line: number }[] };
  return stackFrames[0] ?? null;
}

describe("the process of the workspace's plugin", () => {
  it("has the editor's JavaScript debugger attached when asked to, and stops at a line of the core", async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const sessions: string[] = [];
    const started = vscode.debug.onDidStartDebugSession(({ type, name }) =>
      sessions.push(`${type}: ${name}`),
    );
    const configuration = {
      type: DEBUG_TYPE,
      request: "launch",
      name: "Incident",
      program: sample(SAMPLES.reported).fsPath,
      debugCore: true,
    };
    const core = sample("plugin/src/core/connection.ts");
    const ruleLine = readFileSync(core.fsPath, "utf8")
      .split("\n")
      .findIndex((line) => line.includes('startTimer(draft, "connect/upgraded"'));
    const at = new vscode.Location(core, new vscode.Position(ruleLine, 0));
    const breakpoint = new vscode.SourceBreakpoint(at, true);
    vscode.debug.addBreakpoints([breakpoint]);
    // The session begins when its incident is open, which the stop in the core holds up.
    const beginning = vscode.debug.startDebugging(folder, configuration);
    const attached = (name: string): boolean =>
      sessions.some((each) => each.startsWith("pwa-node: Remote Process") && each.endsWith(name));
    await until("the debugger's target", () => attached("Plugin's core"));
    await until("the stop in the core", () => topFrame("pwa-node"));
    const { source, line } = await until("its frame", () => topFrame("pwa-node"));
    assert.match(source?.path ?? "", /plugin\/src\/core\/connection\.ts$/);
    assert.equal(line, ruleLine + 1);
    vscode.debug.removeBreakpoints([breakpoint]);
    await vscode.debug.activeDebugSession?.customRequest("continue", {
      threadId: vscode.debug.activeStackItem?.threadId,
    });
    assert.equal(await beginning, true);
    await until("the first stop on a record", () => topFrame(DEBUG_TYPE));
    started.dispose();
    await vscode.debug.stopDebugging();
  });
});
