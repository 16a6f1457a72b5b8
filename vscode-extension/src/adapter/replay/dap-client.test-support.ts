import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DebugSession } from "@vscode/debugadapter";

type Stopped = DebugProtocol.StoppedEvent["body"];

/** A client of the debug adapter protocol and nothing else: what an editor does, one request after another. */
export class DapClient {
  readonly #session: DebugSession;
  readonly #waiting = new Map<number, (response: DebugProtocol.Response) => void>();
  readonly #listeners = new Set<(event: DebugProtocol.Event) => void>();
  readonly output: string[] = [];
  readonly events: DebugProtocol.Event[] = [];
  #seq = 0;

  constructor(session: DebugSession) {
    this.#session = session;
    session.onDidSendMessage((sent) => {
      const message = sent as DebugProtocol.ProtocolMessage;
      if (message.type === "response") {
        const response = message as DebugProtocol.Response;
        this.#waiting.get(response.request_seq)?.(response);
      }
      if (message.type !== "event") return;
      const event = message as DebugProtocol.Event;
      this.events.push(event);
      if (event.event === "output") this.output.push(String(event.body.output).trimEnd());
      for (const listener of this.#listeners) listener(event);
    });
  }

  async ask<T>(command: string, args: object = {}): Promise<T> {
    this.#seq += 1;
    const seq = this.#seq;
    const answered = new Promise<DebugProtocol.Response>((resolve) =>
      this.#waiting.set(seq, resolve),
    );
    const request = { seq, type: "request", command, arguments: args };
    this.#session.handleMessage(request);
    const response = await answered;
    if (!response.success) throw new Error(messageOf(response));
    return response.body as T;
  }

  /** The next event of a name. A test that waits in vain ends by its own time limit. */
  waitFor(name: string): Promise<DebugProtocol.Event> {
    return new Promise((resolve) => {
      const listener = (event: DebugProtocol.Event): void => {
        if (event.event !== name) return;
        this.#listeners.delete(listener);
        resolve(event);
      };
      this.#listeners.add(listener);
    });
  }

  /** A request that moves, and the stop it leads to. */
  async go(command: string, args: object = {}): Promise<Stopped> {
    const stopped = this.waitFor("stopped");
    await this.ask(command, { threadId: 1, ...args });
    return (await stopped).body as Stopped;
  }

  /** From the handshake to the first stop; breakpoints are set in between as an editor sets them. */
  async launch(
    args: object,
    configure: () => Promise<void> = async () => undefined,
  ): Promise<Stopped> {
    await this.begin(args);
    await configure();
    const stopped = this.waitFor("stopped");
    await this.ask("configurationDone");
    return (await stopped).body as Stopped;
  }

  async begin(args: object): Promise<void> {
    await this.ask("initialize", { adapterID: "whatsapp-continuity", pathFormat: "path" });
    const initialized = this.waitFor("initialized");
    await this.ask("launch", args);
    await initialized;
  }

  async frames(threadId = 1): Promise<DebugProtocol.StackFrame[]> {
    const { stackFrames } = await this.ask<{ stackFrames: DebugProtocol.StackFrame[] }>(
      "stackTrace",
      { threadId },
    );
    return stackFrames;
  }

  /** A scope of the top frame as `name = value` lines. */
  async scope(name: string): Promise<readonly DebugProtocol.Variable[]> {
    const [top] = await this.frames();
    const { scopes } = await this.ask<{ scopes: DebugProtocol.Scope[] }>("scopes", {
      frameId: top?.id ?? 0,
    });
    const scope = scopes.find((each) => each.name.startsWith(name));
    if (scope === undefined) throw new Error(`There is no scope ${name}.`);
    const { variablesReference } = scope;
    const { variables } = await this.ask<{ variables: DebugProtocol.Variable[] }>("variables", {
      variablesReference,
    });
    return variables;
  }

  async evaluate(expression: string, context = "watch"): Promise<string> {
    const [top] = await this.frames();
    const { result } = await this.ask<{ result: string }>("evaluate", {
      expression,
      context,
      ...(top === undefined ? {} : { frameId: top.id }),
    });
    return result;
  }
}

function messageOf(response: DebugProtocol.Response): string {
  const error = (response.body as { readonly error?: DebugProtocol.Message } | undefined)?.error;
  return error?.format ?? response.message ?? response.command;
}
