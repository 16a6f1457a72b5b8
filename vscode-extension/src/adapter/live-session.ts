import {
  DebugSession,
  InitializedEvent,
  OutputEvent,
  Source,
  StoppedEvent,
  TerminatedEvent,
  ThreadEvent,
} from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AccountHistory } from "../model/account-history.ts";
import { describeRecord } from "../model/describe-record.ts";
import type { RecordBuffer } from "../model/record-buffer.ts";
import type { TimedRecord } from "../model/feed-item.ts";
import { evaluatePath, VariableHandles } from "./inspect.ts";
import { type LiveStopReason, LiveStops } from "./live-stops.ts";
import { Snapshot } from "./snapshot.ts";

/** What a session is attached to. The buffer goes on filling while the cursor stands still. */
export interface LiveTarget {
  readonly label: string;
  readonly buffer: RecordBuffer;
  /** Called after records were appended; returns how to stop that. */
  onAppend(listener: () => void): () => void;
  /** Called when the target is gone. */
  onEnd(listener: () => void): () => void;
}

export interface LiveSessionOptions {
  /** Finds what the attach request means. @throws Error in words for people */
  readonly resolve: (request: Readonly<Record<string, unknown>>) => Promise<LiveTarget>;
}

const FILTERS = [
  {
    filter: "warning",
    label: "Warnings",
    description: "Stop at a record that says something broke",
  },
  { filter: "error", label: "Errors", description: "Stop when a person is needed" },
] as const;
const MAX_FRAMES = 16;
/** Decisions follow their input at once; further on there are none of it. */
const EFFECTS_WITHIN = 100;
const ATTACH_FAILED = 1_001;

/**
 * A debug session on a live stream: one thread per account. Pausing freezes the cursor while records go on coming in; stepping walks the
 * buffer in both directions; continuing returns to the live end. Free of the editor, so it is tested over its own protocol.
 */
export class LiveSession extends DebugSession {
  readonly #options: LiveSessionOptions;
  readonly #handles = new VariableHandles();
  #target: LiveTarget | null = null;
  #history: AccountHistory | null = null;
  #ends: (() => void)[] = [];
  #threads: string[] = [];
  /** Null while live. */
  #cursor: number | null = null;
  #thread = 1;
  #snapshot: Snapshot | null = null;
  readonly #stops = new LiveStops();
  #seen = 0;

  constructor(options: LiveSessionOptions) {
    super();
    this.#options = options;
    this.setDebuggerLinesStartAt1(true);
    this.setDebuggerColumnsStartAt1(true);
  }

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsStepBack: true,
      supportsEvaluateForHovers: true,
      supportsGotoTargetsRequest: true,
      supportsFunctionBreakpoints: true,
      supportsConditionalBreakpoints: true,
      exceptionBreakpointFilters: [...FILTERS],
    };
    this.sendResponse(response);
  }

  protected override attachRequest(
    response: DebugProtocol.AttachResponse,
    args: DebugProtocol.AttachRequestArguments,
  ): void {
    this.#options.resolve(args as unknown as Readonly<Record<string, unknown>>).then(
      (target) => {
        this.#begin(target);
        this.sendResponse(response);
        this.sendEvent(new InitializedEvent());
      },
      (error: unknown) => {
        const format = error instanceof Error ? error.message : String(error);
        this.sendErrorResponse(response, { id: ATTACH_FAILED, format, showUser: true });
      },
    );
  }

  #begin(target: LiveTarget): void {
    this.#target = target;
    this.#history = new AccountHistory(target.buffer);
    this.#seen = target.buffer.end;
    this.#ends = [
      target.onAppend(() => this.#onAppend()),
      target.onEnd(() => this.sendEvent(new TerminatedEvent())),
    ];
    this.#noteThreads(target.buffer.first);
  }

  protected override setExceptionBreakPointsRequest(
    response: DebugProtocol.SetExceptionBreakpointsResponse,
    { filters }: DebugProtocol.SetExceptionBreakpointsArguments,
  ): void {
    this.#stops.setFilters(filters);
    this.sendResponse(response);
  }

  /** By kind or rule: what is to come stops the session there. */
  protected override setFunctionBreakPointsRequest(
    response: DebugProtocol.SetFunctionBreakpointsResponse,
    { breakpoints }: DebugProtocol.SetFunctionBreakpointsArguments,
  ): void {
    response.body = { breakpoints: [...this.#stops.setNames(breakpoints)] };
    this.sendResponse(response);
  }

  /** In the text of the records so far: running back stops there. */
  protected override setBreakPointsRequest(
    response: DebugProtocol.SetBreakpointsResponse,
    { source, breakpoints = [] }: DebugProtocol.SetBreakpointsArguments,
  ): void {
    const reference = source.sourceReference ?? 0;
    const isShown = this.#snapshot?.reference === reference;
    const recordOf = (line: number): number | null =>
      isShown ? (this.#snapshot?.record(line) ?? null) : null;
    response.body = { breakpoints: [...this.#stops.setLines(reference, breakpoints, recordOf)] };
    this.sendResponse(response);
  }

  protected override configurationDoneRequest(
    response: DebugProtocol.ConfigurationDoneResponse,
  ): void {
    this.sendResponse(response);
    const label = this.#target?.label ?? "";
    this.sendEvent(
      new OutputEvent(
        `Attached to ${label}. Pause to look around; records go on coming in.\n`,
        "console",
      ),
    );
  }

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    response.body = { threads: this.#threads.map((name, index) => ({ id: index + 1, name })) };
    this.sendResponse(response);
  }

  protected override pauseRequest(
    response: DebugProtocol.PauseResponse,
    { threadId }: DebugProtocol.PauseArguments,
  ): void {
    this.sendResponse(response);
    const end = (this.#target?.buffer.end ?? 0) - 1;
    this.#stop(this.#nearest(end, -1, threadId) ?? end, "pause", threadId);
  }

  protected override continueRequest(response: DebugProtocol.ContinueResponse): void {
    response.body = { allThreadsContinued: true };
    this.#cursor = null;
    this.#snapshot = null;
    this.#handles.clear();
    this.#seen = this.#target?.buffer.end ?? 0;
    this.sendResponse(response);
  }

  /** To the record before it that would have stopped the session, else to the oldest one. */
  protected override reverseContinueRequest(response: DebugProtocol.ReverseContinueResponse): void {
    this.sendResponse(response);
    const buffer = this.#target?.buffer;
    if (buffer === undefined) return;
    let number = (this.#cursor ?? buffer.end) - 1;
    while (number > buffer.first && this.#reasonAt(number) === null) number -= 1;
    const target = Math.max(number, buffer.first);
    this.#stop(target, this.#reasonAt(target) ?? "entry", this.#thread);
  }

  protected override nextRequest(
    response: DebugProtocol.NextResponse,
    { threadId }: DebugProtocol.NextArguments,
  ): void {
    this.sendResponse(response);
    this.#step(1, threadId);
  }
  protected override stepInRequest(
    response: DebugProtocol.StepInResponse,
    { threadId }: DebugProtocol.StepInArguments,
  ): void {
    this.sendResponse(response);
    this.#step(1, threadId);
  }
  /** To the next change of the account's phase. */
  protected override stepOutRequest(
    response: DebugProtocol.StepOutResponse,
    { threadId }: DebugProtocol.StepOutArguments,
  ): void {
    this.sendResponse(response);
    const account = this.#threads[threadId - 1];
    const buffer = this.#target?.buffer;
    if (account === undefined || buffer === undefined) return;
    const phaseAt = (number: number): string | undefined =>
      this.#history?.at(number, account)?.phase;
    let number = this.#cursor ?? buffer.end - 1;
    const phase = phaseAt(number);
    while (number < buffer.end - 1 && phaseAt(number) === phase) {
      number = this.#nearest(number + 1, 1, threadId) ?? buffer.end - 1;
    }
    this.#stop(number, "step", threadId);
  }
  protected override stepBackRequest(
    response: DebugProtocol.StepBackResponse,
    { threadId }: DebugProtocol.StepBackArguments,
  ): void {
    this.sendResponse(response);
    this.#step(-1, threadId);
  }

  protected override gotoTargetsRequest(
    response: DebugProtocol.GotoTargetsResponse,
    { line }: DebugProtocol.GotoTargetsArguments,
  ): void {
    const id = this.#snapshot?.record(line) ?? 0;
    response.body = { targets: [{ id, label: `record on line ${line}`, line }] };
    this.sendResponse(response);
  }
  protected override gotoRequest(
    response: DebugProtocol.GotoResponse,
    { targetId, threadId }: DebugProtocol.GotoArguments,
  ): void {
    this.sendResponse(response);
    this.#stop(targetId, "goto", threadId);
  }

  protected override stackTraceRequest(response: DebugProtocol.StackTraceResponse): void {
    const stackFrames = this.#chain().map(({ number, timed }, index) => ({
      id: number + 1,
      name: `${timed.record.kind}: ${describeRecord(timed.record)}`,
      line: this.#snapshot?.line(number) ?? 1,
      column: 1,
      presentationHint: index === 0 ? ("normal" as const) : ("subtle" as const),
      ...(this.#snapshot === null
        ? {}
        : {
            source: new Source("live.whatsapp-records", undefined, this.#snapshot.reference),
          }),
    }));
    response.body = { stackFrames, totalFrames: stackFrames.length };
    this.sendResponse(response);
  }

  protected override sourceRequest(response: DebugProtocol.SourceResponse): void {
    response.body = { content: this.#snapshot?.text ?? "", mimeType: "text/plain" };
    this.sendResponse(response);
  }

  protected override scopesRequest(
    response: DebugProtocol.ScopesResponse,
    { frameId }: DebugProtocol.ScopesArguments,
  ): void {
    const root = this.#rootAt(frameId - 1);
    const scope = (name: string, value: object): DebugProtocol.Scope => ({
      name,
      variablesReference: this.#handles.add(value),
      expensive: false,
    });
    response.body = {
      scopes: [
        scope("Event", root.event ?? {}),
        scope("Account", root.account ?? {}),
        scope("Effects", root.effects),
      ],
    };
    this.sendResponse(response);
  }

  protected override variablesRequest(
    response: DebugProtocol.VariablesResponse,
    { variablesReference }: DebugProtocol.VariablesArguments,
  ): void {
    response.body = { variables: this.#handles.children(variablesReference) };
    this.sendResponse(response);
  }

  protected override evaluateRequest(
    response: DebugProtocol.EvaluateResponse,
    { expression, frameId }: DebugProtocol.EvaluateArguments,
  ): void {
    const root = this.#rootAt(frameId === undefined ? (this.#cursor ?? 0) : frameId - 1);
    const value = evaluatePath(root, expression) ?? evaluatePath(root.event, expression);
    if (value === undefined) {
      const format = `Nothing at ${expression}. Write a path such as account.phase, event.kind or effects[0].rule.`;
      this.sendErrorResponse(response, { id: 1_002, format });
      return;
    }
    const { value: result, variablesReference } = this.#handles.variable(expression, value);
    response.body = { result, variablesReference };
    this.sendResponse(response);
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.sendResponse(response);
  }

  #onAppend(): void {
    const buffer = this.#target?.buffer;
    if (buffer === undefined) return;
    const from = this.#seen;
    this.#seen = buffer.end;
    this.#noteThreads(from);
    if (this.#cursor !== null || this.#stops.isEmpty) return;
    for (let number = Math.max(from, buffer.first); number < buffer.end; number += 1) {
      const reason = this.#reasonAt(number);
      if (reason === null) continue;
      this.#stop(number, reason, this.#threadOf(buffer.at(number)));
      return;
    }
  }

  #reasonAt(number: number): LiveStopReason {
    return this.#stops.reasonAt(number, this.#target?.buffer.at(number));
  }

  #threadOf(timed: TimedRecord | undefined): number {
    if (timed === undefined || timed.record.kind === "log.header") return this.#thread;
    return this.#threads.indexOf(timed.record.account) + 1 || this.#thread;
  }

  #noteThreads(from: number): void {
    for (const { record } of this.#target?.buffer.from(from) ?? []) {
      if (record.kind === "log.header" || this.#threads.includes(record.account)) continue;
      this.#threads.push(record.account);
      this.sendEvent(new ThreadEvent("started", this.#threads.length));
    }
  }

  #step(direction: 1 | -1, threadId: number): void {
    const buffer = this.#target?.buffer;
    if (buffer === undefined) return;
    const here = this.#cursor ?? buffer.end - 1;
    const number = this.#nearest(here + direction, direction, threadId);
    if (number === null) {
      const end = direction > 0 ? "the live end" : "the oldest record that is still there";
      this.sendEvent(new OutputEvent(`This is ${end}.\n`, "console"));
    }
    this.#stop(number ?? here, number === null && direction < 0 ? "entry" : "step", threadId);
  }

  /** The first record of the thread's account from a number on, in a direction. */
  #nearest(from: number, direction: 1 | -1, threadId: number): number | null {
    const buffer = this.#target?.buffer;
    const account = this.#threads[threadId - 1];
    if (buffer === undefined) return null;
    for (let number = from; number >= buffer.first && number < buffer.end; number += direction) {
      const record = buffer.at(number)?.record;
      if (record !== undefined && record.kind !== "log.header" && record.account === account)
        return number;
    }
    return null;
  }

  #stop(number: number, reason: string, threadId: number): void {
    const buffer = this.#target?.buffer;
    if (buffer === undefined) return;
    this.#cursor = number;
    this.#thread = threadId;
    this.#handles.clear();
    if (this.#snapshot === null || this.#snapshot.line(number) === null) {
      this.#snapshot = new Snapshot((this.#snapshot?.reference ?? 0) + 1, buffer, number);
    }
    const event: DebugProtocol.StoppedEvent = new StoppedEvent(reason, threadId);
    event.body.allThreadsStopped = true;
    this.sendEvent(event);
  }

  /** The record at the cursor and what led to it. */
  #chain(): readonly { readonly number: number; readonly timed: TimedRecord }[] {
    const buffer = this.#target?.buffer;
    const chain: { number: number; timed: TimedRecord }[] = [];
    let number = this.#cursor ?? -1;
    if (buffer === undefined) return chain;
    while (chain.length < MAX_FRAMES) {
      const timed = buffer.at(number);
      if (timed === undefined) break;
      chain.push({ number, timed });
      if (timed.record.dir !== "out") break;
      number = buffer.find(timed.record.boot, timed.record.cause);
    }
    return chain;
  }

  #rootAt(number: number) {
    const buffer = this.#target?.buffer;
    const timed = buffer?.at(number);
    const record = timed?.record ?? null;
    const account =
      record === null || record.kind === "log.header"
        ? null
        : (this.#history?.at(number, record.account) ?? null);
    const effects: object[] = [];
    const until = Math.min(buffer?.end ?? 0, number + EFFECTS_WITHIN);
    for (let n = number + 1; n < until; n += 1) {
      const later = buffer?.at(n)?.record;
      if (later?.dir === "out" && later.boot === record?.boot && later.cause === record.seq)
        effects.push(later);
    }
    return { event: record, account, effects };
  }
}
