import {
  DebugSession,
  ExitedEvent,
  InitializedEvent,
  OutputEvent,
  StoppedEvent,
  TerminatedEvent,
} from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { Breakpoints } from "./breakpoints.ts";
import { type CodeIdentity, EXCEPTION_FILTERS, ReplayProblem, type Stop } from "./engine.ts";
import { FILTER_CAPABILITIES, FILTER_TEXTS } from "./exception-filters.ts";
import { ExpressionProblem } from "./expression.ts";
import { Inspection } from "./inspection.ts";
import { Navigator } from "./navigator.ts";
import { type OpenReplay, parseReplayRequest, type ReplayRequest } from "./replay-request.ts";
import { isException } from "./stop-table.ts";
import { introduce, verdict } from "./words.ts";

export interface ReplaySessionOptions {
  /** Opens the incident; again for every restart, so that edited code is read anew. @throws Error in words for people */
  readonly open: (request: ReplayRequest) => Promise<OpenReplay>;
  readonly bundled: CodeIdentity;
}

const PROBLEM = { launch: 2_001, evaluate: 2_002, conditions: 2_003, goto: 2_004 } as const;

/**
 * A debug session on an incident: one thread per account, one step per record, in both directions. A stop is after its record: what was decided
 * and what it changed is there to see. Free of the editor, so it is tested over its own protocol.
 */
export class ReplaySession extends DebugSession {
  readonly #options: ReplaySessionOptions;
  readonly #breakpoints = new Breakpoints();
  #request: ReplayRequest | null = null;
  #navigator: Navigator | null = null;
  #inspection = new Inspection(() => null);
  #runsWithoutDebugging = false;
  /** Requests that move are taken one after another. */
  #queue: Promise<void> = Promise.resolve();

  constructor(options: ReplaySessionOptions) {
    super();
    this.#options = options;
    this.setDebuggerLinesStartAt1(true);
    this.setDebuggerColumnsStartAt1(true);
  }

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsFunctionBreakpoints: true,
      supportsConditionalBreakpoints: true,
      supportsHitConditionalBreakpoints: true,
      supportsLogPoints: true,
      supportsDataBreakpoints: true,
      supportsEvaluateForHovers: true,
      supportsStepBack: true,
      supportsGotoTargetsRequest: true,
      supportsCompletionsRequest: true,
      completionTriggerCharacters: ["."],
      supportsRestartRequest: true,
      supportsExceptionOptions: false,
      supportsExceptionFilterOptions: true,
      supportsExceptionInfoRequest: true,
      supportsBreakpointLocationsRequest: true,
      exceptionBreakpointFilters: FILTER_CAPABILITIES,
    };
    this.sendResponse(response);
  }

  protected override launchRequest(
    response: DebugProtocol.LaunchResponse,
    args: DebugProtocol.LaunchRequestArguments,
  ): void {
    this.#runsWithoutDebugging = args.noDebug === true;
    this.#answer(response, PROBLEM.launch, async () => {
      this.#request = parseReplayRequest(args as unknown as Readonly<Record<string, unknown>>);
      await this.#open();
      this.sendEvent(new InitializedEvent());
    });
  }

  protected override configurationDoneRequest(
    response: DebugProtocol.ConfigurationDoneResponse,
  ): void {
    this.#answer(response, PROBLEM.launch, () => Promise.resolve());
    this.#then(() => this.#begin());
  }

  async #open(): Promise<void> {
    if (this.#request === null) throw new ReplayProblem("There was no launch request.");
    const replay = await this.#options.open(this.#request);
    const { incident, rules, engine, path, notes } = replay;
    this.#navigator?.replay.engine.dispose();
    this.#navigator = this.#navigate(replay);
    this.#inspection = new Inspection((rule) => rules.find(rule));
    engine.onEnd((why) => {
      if (this.#navigator?.replay.engine !== engine) return;
      this.#say(why, "stderr");
      this.sendEvent(new TerminatedEvent());
    });
    this.#breakpoints.opened(path, this.#navigator.walk);
    await this.#navigator.stopAtRules(this.#breakpoints.rules);
    const name = this.#request.program.split(/[\\/]/).at(-1) ?? "";
    for (const line of introduce(name, incident, this.#options.bundled)) this.#say(line);
    for (const note of notes) this.#say(note);
  }

  #navigate(replay: OpenReplay): Navigator {
    return new Navigator(replay, {
      said: (text) => this.#say(text),
      finished: () => this.sendEvent(new TerminatedEvent()),
      stopped: (reason, thread, stop) => this.#stopped(reason, thread, stop),
    });
  }

  #stopped(reason: string, thread: number, stop: Stop | null): void {
    this.#inspection.clear();
    const event: DebugProtocol.StoppedEvent = new StoppedEvent(reason, thread);
    event.body.allThreadsStopped = true;
    if (stop !== null) event.body.hitBreakpointIds = [...stop.ids];
    if (stop !== null && stop.text !== null) {
      event.body.text = stop.text;
      event.body.description = `Paused on ${reason}`;
    }
    this.sendEvent(event);
  }

  async #begin(): Promise<void> {
    const { walk, replay } = this.#opened();
    if (this.#runsWithoutDebugging) {
      for (const text of walk.said(-1, walk.last)) this.#say(text);
      this.sendEvent(new ExitedEvent(replay.incident.result.ok ? 0 : 1));
      this.sendEvent(new TerminatedEvent());
      return;
    }
    const { line = null, stopOnEntry = true } = this.#request ?? {};
    await this.#opened().begin(line, stopOnEntry);
  }

  /** Reads the incident and the code again and returns to the same record. */
  protected override restartRequest(
    response: DebugProtocol.RestartResponse,
    args: DebugProtocol.RestartArguments,
  ): void {
    const given = args.arguments as unknown as Readonly<Record<string, unknown>> | undefined;
    this.#answer(response, PROBLEM.launch, async () => {
      const before = this.#opened();
      if (given?.["program"] !== undefined) this.#request = parseReplayRequest(given);
      const line = before.walk.lineOf(before.place.index);
      const was = verdict(before.replay.incident);
      await this.#open();
      const now = this.#opened();
      const is = verdict(now.replay.incident);
      this.#say(was === is ? "The decisions are as before." : `Before: ${was}\nNow: ${is}`);
      await now.goTo(now.walk.onLine(line) ?? now.walk.first, "restart");
    });
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    this.#navigator?.replay.engine.dispose();
    this.#navigator = null;
    this.sendResponse(response);
  }

  // --- breakpoints

  protected override setBreakPointsRequest(
    response: DebugProtocol.SetBreakpointsResponse,
    args: DebugProtocol.SetBreakpointsArguments,
  ): void {
    this.#answer(response, PROBLEM.conditions, async () => {
      const set = this.#breakpoints.setLines(args);
      response.body = { breakpoints: await this.#verified(set) };
    });
  }

  protected override setFunctionBreakPointsRequest(
    response: DebugProtocol.SetFunctionBreakpointsResponse,
    args: DebugProtocol.SetFunctionBreakpointsArguments,
  ): void {
    this.#answer(response, PROBLEM.conditions, async () => {
      response.body = { breakpoints: await this.#verified(this.#breakpoints.setNames(args)) };
    });
  }

  protected override setDataBreakpointsRequest(
    response: DebugProtocol.SetDataBreakpointsResponse,
    args: DebugProtocol.SetDataBreakpointsArguments,
  ): void {
    this.#answer(response, PROBLEM.conditions, async () => {
      response.body = { breakpoints: await this.#verified(this.#breakpoints.setData(args)) };
    });
  }

  protected override setExceptionBreakPointsRequest(
    response: DebugProtocol.SetExceptionBreakpointsResponse,
    args: DebugProtocol.SetExceptionBreakpointsArguments,
  ): void {
    this.#answer(response, PROBLEM.conditions, async () => {
      response.body = { breakpoints: await this.#verified(this.#breakpoints.setFilters(args)) };
    });
  }

  protected override breakpointLocationsRequest(
    response: DebugProtocol.BreakpointLocationsResponse,
    { source, line, endLine }: DebugProtocol.BreakpointLocationsArguments,
  ): void {
    const { incident, path } = this.#opened().replay;
    const { lines, accountOf } = incident;
    const isOurs = source.path === path;
    const breakpoints = lines
      .filter((each, index) => accountOf[index] !== -1 && each >= line && each <= (endLine ?? line))
      .map((each) => ({ line: each }));
    response.body = { breakpoints: isOurs ? breakpoints : [] };
    this.sendResponse(response);
  }

  protected override dataBreakpointInfoRequest(
    response: DebugProtocol.DataBreakpointInfoResponse,
    { variablesReference, name }: DebugProtocol.DataBreakpointInfoArguments,
  ): void {
    const path = this.#inspection.watchable(variablesReference, name);
    const { account } = this.#opened();
    response.body =
      path === null || account === null
        ? { dataId: null, description: "Only what is below state can be watched." }
        : {
            dataId: JSON.stringify([account, path]),
            description: `${account}: state${path === "" ? "" : `.${path}`}`,
            accessTypes: ["write"],
            canPersist: true,
          };
    this.sendResponse(response);
  }

  // --- moving

  protected override continueRequest(response: DebugProtocol.ContinueResponse): void {
    response.body = { allThreadsContinued: true };
    this.sendResponse(response);
    this.#then(() => this.#opened().onward());
  }

  protected override reverseContinueRequest(response: DebugProtocol.ReverseContinueResponse): void {
    response.body = { allThreadsContinued: true };
    this.sendResponse(response);
    this.#then(() => this.#opened().backward());
  }

  protected override nextRequest(
    response: DebugProtocol.NextResponse,
    { threadId }: DebugProtocol.NextArguments,
  ): void {
    this.sendResponse(response);
    this.#then(() => this.#opened().next(threadId));
  }

  protected override stepInRequest(
    response: DebugProtocol.StepInResponse,
    { threadId }: DebugProtocol.StepInArguments,
  ): void {
    this.sendResponse(response);
    this.#then(() => this.#opened().into(threadId));
  }

  protected override stepOutRequest(
    response: DebugProtocol.StepOutResponse,
    { threadId }: DebugProtocol.StepOutArguments,
  ): void {
    this.sendResponse(response);
    this.#then(() => this.#opened().out(threadId));
  }

  protected override stepBackRequest(
    response: DebugProtocol.StepBackResponse,
    { threadId }: DebugProtocol.StepBackArguments,
  ): void {
    this.sendResponse(response);
    this.#then(() => this.#opened().back(threadId));
  }

  /** Nothing runs between two requests, so a pause is where one stands. */
  protected override pauseRequest(response: DebugProtocol.PauseResponse): void {
    this.sendResponse(response);
    this.#then(() => this.#opened().stay("pause"));
  }

  protected override gotoTargetsRequest(
    response: DebugProtocol.GotoTargetsResponse,
    { source, line }: DebugProtocol.GotoTargetsArguments,
  ): void {
    const { walk, replay } = this.#opened();
    const id = source.path === replay.path ? walk.onLine(line) : null;
    const found = id === null ? line : walk.lineOf(id);
    response.body = {
      targets: id === null ? [] : [{ id, label: `the record on line ${found}`, line: found }],
    };
    this.sendResponse(response);
  }

  protected override gotoRequest(
    response: DebugProtocol.GotoResponse,
    { targetId }: DebugProtocol.GotoArguments,
  ): void {
    this.#answer(response, PROBLEM.goto, () => this.#opened().goTo(targetId, "goto"));
  }

  // --- looking

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    const accounts = this.#navigator?.replay.incident.accounts ?? [];
    response.body = { threads: accounts.map((name, index) => ({ id: index + 1, name })) };
    this.sendResponse(response);
  }

  protected override stackTraceRequest(
    response: DebugProtocol.StackTraceResponse,
    { threadId }: DebugProtocol.StackTraceArguments,
  ): void {
    this.#answer(response, PROBLEM.evaluate, async () => {
      const { frames, place, thread } = this.#opened();
      const view = await this.#opened().standing(threadId);
      const effect = threadId === thread ? place.effect : null;
      const stackFrames = view === null ? [] : frames.of(view, effect);
      response.body = { stackFrames, totalFrames: stackFrames.length };
    });
  }

  protected override scopesRequest(
    response: DebugProtocol.ScopesResponse,
    { frameId }: DebugProtocol.ScopesArguments,
  ): void {
    this.#answer(response, PROBLEM.evaluate, async () => {
      response.body = {
        scopes: this.#inspection.scopes(await this.#opened().viewOfFrame(frameId)),
      };
    });
  }

  protected override variablesRequest(
    response: DebugProtocol.VariablesResponse,
    { variablesReference }: DebugProtocol.VariablesArguments,
  ): void {
    response.body = { variables: this.#inspection.children(variablesReference) };
    this.sendResponse(response);
  }

  protected override evaluateRequest(
    response: DebugProtocol.EvaluateResponse,
    { expression, frameId }: DebugProtocol.EvaluateArguments,
  ): void {
    this.#answer(response, PROBLEM.evaluate, async () => {
      const found = this.#inspection.evaluate(
        await this.#opened().viewOfFrame(frameId),
        expression,
      );
      const { value: result, type, variablesReference, valueLocationReference } = found;
      response.body = {
        result,
        ...(type === undefined ? {} : { type }),
        variablesReference,
        ...(valueLocationReference === undefined ? {} : { valueLocationReference }),
      };
    });
  }

  protected override completionsRequest(
    response: DebugProtocol.CompletionsResponse,
    { text, column, frameId }: DebugProtocol.CompletionsArguments,
  ): void {
    this.#answer(response, PROBLEM.evaluate, async () => {
      const view = await this.#opened().viewOfFrame(frameId);
      response.body = { targets: this.#inspection.complete(view, text, column) };
    });
  }

  /** `locations` is younger than the library's own table of requests. */
  protected override customRequest(
    command: string,
    response: DebugProtocol.Response,
    args: unknown,
  ): void {
    if (command !== "locations") return super.customRequest(command, response, args);
    this.#answer(response, PROBLEM.evaluate, () => {
      const { locationReference } = args as DebugProtocol.LocationsArguments;
      const place = this.#inspection.location(locationReference);
      if (place === null) throw new ReplayProblem("The rule is not in the sources.");
      response.body = { source: { path: place.file }, line: place.line };
      return Promise.resolve();
    });
  }

  protected override exceptionInfoRequest(response: DebugProtocol.ExceptionInfoResponse): void {
    const { view = null, lastStop = null } = this.#navigator ?? {};
    const filter = EXCEPTION_FILTERS.find((each) => view !== null && isException(view, each));
    response.body = {
      exceptionId: filter === undefined ? "exception" : FILTER_TEXTS[filter].label,
      description: lastStop?.text ?? "",
      breakMode: "always",
    };
    this.sendResponse(response);
  }

  // --- inside

  /** Puts new breakpoints into force; one that cannot be understood is shown as such and left out. */
  async #verified(set: readonly DebugProtocol.Breakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    await this.#navigator?.stopAtRules(this.#breakpoints.rules);
    return [...set];
  }

  /** @throws ReplayProblem before the launch and after the end */
  #opened(): Navigator {
    if (this.#navigator === null) throw new ReplayProblem("No incident is open.");
    return this.#navigator;
  }

  #say(text: string, category = "console"): void {
    this.sendEvent(new OutputEvent(`${text}\n`, category));
  }

  /** Answers when the work is done, or says in words why not. */
  #answer(response: DebugProtocol.Response, id: number, work: () => Promise<void>): void {
    this.#then(async () => {
      try {
        await work();
        this.sendResponse(response);
      } catch (error) {
        const format = error instanceof Error ? error.message : String(error);
        const isAsked = error instanceof ExpressionProblem;
        this.sendErrorResponse(response, { id, format, showUser: !isAsked });
      }
    });
  }

  #then(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#say(error instanceof Error ? error.message : String(error), "stderr");
    });
  }
}
