import type { GatewayClient } from "@openclaw/gateway-client";
import type { LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import type { TimedRecord } from "openclaw-whatsapp-continuity-plugin/explain";
import type { FeedBatch, SourceState, StreamGap } from "../model/feed-item.ts";
import { createGatewayClient, type GatewayEndpoint } from "./gateway-client.ts";
import {
  approvalCommand,
  type ApprovalRequest,
  describeApproval,
  describeConnectError,
  isGrantRefusal,
  isUnreadCertificate,
  readApprovalRequest,
} from "./gateway-problem.ts";
import {
  type AccountStatusView,
  type CapturedIncident,
  type LoginStep,
  METHODS,
  objectOf,
  readCapture,
  readLoginStep,
  readLogTail,
  readRecordPage,
  readStatuses,
  type RecordPage,
  RECORDS_EVENT,
} from "./gateway-protocol.ts";
import { LineFeeder } from "./line-feeder.ts";
import type { LogSource, SourceListener } from "./source.ts";

export interface GatewaySourceOptions extends GatewayEndpoint {
  readonly label: string;
  /** Ask for no more than the right to read. */
  readonly readOnly: boolean;
  readonly scrub: (text: string) => string;
}

/** What is known of the gateway beyond its records. */
export interface GatewayInfo {
  readonly version: string | null;
  /** The gateway runs the plugin, so records come live; without it only log lines are read. */
  readonly hasPlugin: boolean;
  readonly mayAct: boolean;
  readonly statuses: readonly AccountStatusView[];
}

/** While a person has not approved this device, the gateway is asked this often, and no longer than that. */
const APPROVAL_POLL_MS = 4_000;
const APPROVAL_LIMIT_MS = 30 * 60_000;
/** In a row, before it is told: the client tries again by itself. */
const MAX_UNREAD_CERTIFICATES = 3;
const TAIL_POLL_MS = 1_500;
const STATUS_POLL_MS = 10_000;
const HISTORY_LINES = 5_000;
const HISTORY_BYTES = 1_000_000;
const PAGE_RECORDS = 1_000;
const MAX_PAGES = 200;
/** Live batches that wait until the history before them is there. */
const MAX_WAITING_BATCHES = 1_000;
/** A line of the gateway's log that carries one of our records; with the live event they come twice. */
const OWN_RECORD = /\\?"boot\\?"\s*:/;

/**
 * A gateway: its log for what happened before and for lines of the gateway and of other plugins, and the plugin's live events. The
 * published client reconnects by itself; after a reconnect the missing part is asked for, and what nobody has any more is a gap.
 */
export class GatewaySource implements LogSource {
  readonly label: string;
  readonly #options: GatewaySourceOptions;
  readonly #feeder: LineFeeder;
  #client: GatewayClient | null = null;
  #listener: SourceListener | null = null;
  #onInfo: ((info: GatewayInfo) => void) | null = null;
  #info: GatewayInfo = { version: null, hasPlugin: false, mayAct: false, statuses: [] };
  #generation = 0;
  #cursor: number | null = null;
  #wasLive = false;
  #hasHistory = false;
  #place: { readonly boot: string; readonly seq: number } | null = null;
  #waiting: RecordPage[] | null = null;
  #asksForAdmin: boolean;
  /** More rights were asked for than the gateway grants this device; a person there may approve them. */
  #upgrade: ApprovalRequest | null = null;
  #approvalSinceMs: number | null = null;
  #approvalTimer: NodeJS.Timeout | null = null;
  #unreadCertificates = 0;

  constructor(options: GatewaySourceOptions) {
    this.#options = options;
    this.label = options.label;
    this.#asksForAdmin = !options.readOnly;
    this.#feeder = new LineFeeder(options.label, Date.now(), options.scrub);
  }

  get info(): GatewayInfo {
    return this.#info;
  }

  /** Called whenever {@link info} changed. */
  set onInfo(listener: (info: GatewayInfo) => void) {
    this.#onInfo = listener;
  }

  start(listener: SourceListener): void {
    this.#listener = listener;
    this.#state({ phase: "starting", sentence: `Connecting to ${this.label}.` });
    this.#connect();
  }

  stop(): void {
    this.#listener = null;
    this.#onInfo = null;
    this.#endClient();
  }

  /** Restarts an account's connection in place. @throws with the gateway's own sentence */
  async restart(accountId: string): Promise<void> {
    if (this.#info.hasPlugin) await this.#request(METHODS.restart, { accountId });
    else {
      await this.#request(METHODS.stop, { channel: "whatsapp", accountId });
      await this.#request(METHODS.start, { channel: "whatsapp", accountId });
    }
  }

  async stopAccount(accountId: string): Promise<void> {
    await this.#request(METHODS.stop, { channel: "whatsapp", accountId });
  }

  async startAccount(accountId: string): Promise<void> {
    await this.#request(METHODS.start, { channel: "whatsapp", accountId });
  }

  /**
   * An incident cut out of what the gateway remembers: of the last minutes, or since the connection was last lost.
   *
   * @throws with the gateway's own sentence, or when it answers something else
   */
  async capture(accountId: string, since: number | "healthy"): Promise<CapturedIncident> {
    const span = since === "healthy" ? { since } : { minutes: since };
    const answer = readCapture(await this.#request(METHODS.capture, { accountId, ...span }));
    if (answer !== null) return answer;
    throw new Error(
      "The gateway did not answer with an incident. Update whatsapp-continuity there and try again.",
    );
  }

  async beginLogin(accountId: string): Promise<LoginStep> {
    const params = { accountId, force: true, timeoutMs: LOGIN_STEP_MS };
    return readLoginStep(await this.#request(METHODS.loginStart, params, LOGIN_STEP_MS + 5_000));
  }

  async awaitLogin(accountId: string, currentQrDataUrl: string): Promise<LoginStep> {
    const params = { accountId, timeoutMs: LOGIN_STEP_MS, currentQrDataUrl };
    return readLoginStep(await this.#request(METHODS.loginWait, params, LOGIN_STEP_MS + 5_000));
  }

  #connect(): void {
    const scopes = ["operator.read", ...(this.#asksForAdmin ? ["operator.admin"] : [])];
    const usedGrant =
      this.#options.device?.grant !== undefined && this.#options.device.grant !== null;
    const client: GatewayClient = createGatewayClient(this.#options, scopes, {
      onHelloOk: (hello) => void this.#onHello(hello),
      // A client that is told to end reports that as an error of its own.
      onConnectError: (error) => this.#client === client && this.#onConnectError(error, usedGrant),
      onReconnectPaused: ({ reason, detailCode }) =>
        this.#client === client &&
        this.#onConnectError(new Error(`${detailCode ?? ""} ${reason}`), usedGrant),
      onClose: () => this.#client === client && this.#onClose(),
      onEvent: ({ event, payload }) => {
        if (event === RECORDS_EVENT) this.#onRecords(payload);
      },
      onGap: ({ expected, received }) =>
        this.#gap(`${received - expected} events of the gateway were missed here.`, null),
    });
    this.#client = client;
    client.start();
  }

  async #onHello(hello: unknown): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#approvalSinceMs = null;
    this.#unreadCertificates = 0;
    const { server, features, auth } = objectOf(hello);
    const methods = objectOf(features)["methods"];
    const scopes = objectOf(auth)["scopes"];
    const hasPlugin = Array.isArray(methods) && methods.includes(METHODS.records);
    const mayAct = Array.isArray(scopes) && scopes.includes("operator.admin");
    const mayRead = mayAct || (Array.isArray(scopes) && scopes.includes("operator.read"));
    const serverVersion = objectOf(server)["version"];
    const version = typeof serverVersion === "string" ? serverVersion : null;
    this.#update({ ...this.#info, version, hasPlugin, mayAct });
    if (!mayRead) return this.#failWithoutRights();
    try {
      await this.#loadHistory(generation, hasPlugin);
      if (generation !== this.#generation) return;
      this.#wasLive = true;
      this.#state({ phase: "live", sentence: this.#describeLive() });
      void this.#pollLog(generation);
      if (hasPlugin) void this.#pollStatus(generation);
    } catch (error) {
      if (generation === this.#generation) this.#onRequestFailed(error);
    }
  }

  #describeLive(): string {
    const { hasPlugin, mayAct, version } = this.#info;
    const gateway = version === null ? "the gateway" : `OpenClaw ${version}`;
    const rights = mayAct ? "" : this.#describeRights();
    return hasPlugin
      ? `Connected to ${gateway} at ${this.label}; records come live.${rights}`
      : `Connected to ${gateway} at ${this.label}, which runs without whatsapp-continuity: only its log lines can be shown.${rights}`;
  }

  #describeRights(): string {
    if (this.#upgrade === null) return " Read only.";
    const command = approvalCommand(this.#upgrade) ?? "openclaw devices list";
    return ` Read only: to act, run ${command} on its machine and try again.`;
  }

  /** Everything that is still known is put into one order before anything is shown. */
  async #loadHistory(generation: number, hasPlugin: boolean): Promise<void> {
    this.#waiting = hasPlugin ? [] : null;
    const { records, gaps } = await this.#tail();
    const all: TimedRecord[] = [...records];
    if (hasPlugin) {
      const ring = await this.#pages(generation);
      all.push(...ring.records);
      gaps.push(...ring.gaps);
    }
    if (generation !== this.#generation) return;
    all.sort((a, b) => a.wallMs - b.wallMs || a.record.seq - b.record.seq);
    this.#listener?.onBatch({ records: all, gaps });
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const page of waiting) this.#take(page);
  }

  async #tail(): Promise<{ readonly records: TimedRecord[]; readonly gaps: StreamGap[] }> {
    const first = this.#cursor === null;
    const params = {
      limit: HISTORY_LINES,
      maxBytes: HISTORY_BYTES,
      ...(first ? {} : { cursor: this.#cursor }),
    };
    const tail = readLogTail(await this.#request(METHODS.tail, params));
    this.#cursor = tail.cursor;
    const skipOwn = !first && this.#info.hasPlugin;
    const lines = skipOwn ? tail.lines.filter((line) => !OWN_RECORD.test(line)) : tail.lines;
    const { records, gaps } = this.#feeder.read(lines);
    const holes = [...gaps];
    const wallMs = records[0]?.wallMs ?? Date.now();
    if (tail.reset && !first) {
      holes.push({ wallMs, sentence: "The gateway's log was rotated here.", lost: null });
    } else if (tail.truncated && !first) {
      holes.push({ wallMs, sentence: "The gateway left out log lines here.", lost: null });
    }
    return { records: [...records], gaps: holes };
  }

  async #pages(generation: number): Promise<FeedBatch> {
    const collected: LogRecord[] = [];
    let forgotten = 0;
    let fromSeq = 0;
    for (let page = 0; page < MAX_PAGES && generation === this.#generation; page += 1) {
      const params = { fromSeq, limit: PAGE_RECORDS };
      const answer = readRecordPage(await this.#request(METHODS.records, params));
      const last = answer?.records.at(-1);
      if (answer === null || last === undefined || last.seq < fromSeq) break;
      collected.push(...answer.records);
      forgotten = Math.max(forgotten, page === 0 && !this.#hasHistory ? answer.dropped : 0);
      this.#place = { boot: answer.boot, seq: last.seq };
      fromSeq = last.seq + 1;
      if (answer.records.length < PAGE_RECORDS) break;
    }
    this.#hasHistory = true;
    const records = this.#feeder.reader.accept(collected, Date.now());
    const wallMs = records[0]?.wallMs ?? Date.now();
    const sentence = `${forgotten} records before this are no longer in the gateway's memory.`;
    return { records, gaps: forgotten === 0 ? [] : [{ wallMs, sentence, lost: forgotten }] };
  }

  #onRecords(payload: unknown): void {
    const page = readRecordPage(payload);
    if (page === null) return;
    if (this.#waiting === null) return this.#take(page);
    if (this.#waiting.length >= MAX_WAITING_BATCHES) this.#waiting.shift();
    this.#waiting.push(page);
  }

  #take(page: RecordPage): void {
    const records = this.#feeder.reader.accept(page.records, Date.now());
    const gaps: StreamGap[] = [];
    const wallMs = records[0]?.wallMs ?? Date.now();
    const place = this.#place;
    const missing = place?.boot === page.boot ? page.fromSeq - place.seq - 1 : 0;
    const lost = Math.max(page.dropped, missing);
    if (lost > 0) {
      gaps.push({ wallMs, sentence: `${lost} records did not arrive here.`, lost });
    }
    const last = page.records.at(-1);
    if (last !== undefined) this.#place = { boot: page.boot, seq: last.seq };
    if (records.length > 0 || gaps.length > 0) this.#listener?.onBatch({ records, gaps });
  }

  async #pollLog(generation: number): Promise<void> {
    while (generation === this.#generation) {
      await pause(TAIL_POLL_MS);
      if (generation !== this.#generation) return;
      try {
        const batch = await this.#tail();
        if (generation !== this.#generation) return;
        if (batch.records.length > 0 || batch.gaps.length > 0) this.#listener?.onBatch(batch);
      } catch (error) {
        if (generation === this.#generation) this.#onRequestFailed(error);
      }
    }
  }

  async #pollStatus(generation: number): Promise<void> {
    while (generation === this.#generation) {
      try {
        const statuses = readStatuses(await this.#request(METHODS.status, {}));
        if (generation === this.#generation) this.#update({ ...this.#info, statuses });
      } catch (error) {
        if (generation === this.#generation) this.#onRequestFailed(error);
      }
      await pause(STATUS_POLL_MS);
    }
  }

  #onConnectError(error: Error, usedGrant: boolean): void {
    if (this.#listener === null) return;
    if (usedGrant && isGrantRefusal(error)) {
      // Revoked there: the token that was entered decides anew.
      this.#options.device?.forget();
      this.#endClient();
      return this.#connect();
    }
    if (isUnreadCertificate(error) && this.#unreadCertificates < MAX_UNREAD_CERTIFICATES) {
      this.#unreadCertificates += 1;
      return;
    }
    const request = readApprovalRequest(error);
    if (request !== null) return this.#onApprovalNeeded(request);
    if (this.#asksForAdmin && /scope/i.test(error.message)) {
      // A token that may only read refuses a connection that asks for more.
      this.#asksForAdmin = false;
      this.#endClient();
      return this.#connect();
    }
    const state = describeConnectError(error, this.label);
    if (state.phase === "failed") this.#endClient();
    this.#state(state);
  }

  #onApprovalNeeded(request: ApprovalRequest): void {
    this.#endClient();
    this.#unreadCertificates = 0;
    if (this.#asksForAdmin && request.mayRead) {
      this.#upgrade = request;
      this.#asksForAdmin = false;
      return this.#connect();
    }
    this.#approvalSinceMs ??= Date.now();
    if (Date.now() - this.#approvalSinceMs > APPROVAL_LIMIT_MS) {
      const sentence = `Nobody approved this editor at the gateway at ${this.label} for half an hour. Run openclaw devices list there, and try again.`;
      return this.#state({ phase: "failed", sentence, action: "retry" });
    }
    this.#state(describeApproval(request, this.label));
    this.#approvalTimer = setTimeout(() => this.#connect(), APPROVAL_POLL_MS);
  }

  #onClose(): void {
    this.#generation += 1;
    if (!this.#wasLive) return;
    this.#wasLive = false;
    this.#gap("The connection to the gateway was lost here.", null);
    const sentence = `The connection to the gateway at ${this.label} was lost. It is tried again by itself.`;
    this.#state({ phase: "reconnecting", sentence, retryMs: null });
  }

  #onRequestFailed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (/scope|forbidden/i.test(message)) return this.#failWithoutRights();
    this.#gap(`The gateway did not answer here: ${this.#options.scrub(message)}`, null);
  }

  #failWithoutRights(): void {
    this.#endClient();
    const sentence = `The gateway at ${this.label} gives this connection no right to read. Use its own token, over ws://127.0.0.1 or a tunnel.`;
    this.#state({ phase: "failed", sentence, action: "set-token" });
  }

  /** Ends the client and everything that waits for it. */
  #endClient(): void {
    this.#generation += 1;
    if (this.#approvalTimer !== null) clearTimeout(this.#approvalTimer);
    this.#approvalTimer = null;
    const client = this.#client;
    this.#client = null;
    client?.stop();
  }

  #request(method: string, params: object, timeoutMs?: number): Promise<unknown> {
    if (this.#client === null) return Promise.reject(new Error("The gateway is not connected."));
    return this.#client.request(method, params, timeoutMs === undefined ? {} : { timeoutMs });
  }

  #gap(sentence: string, lost: number | null): void {
    this.#listener?.onBatch({ records: [], gaps: [{ wallMs: Date.now(), sentence, lost }] });
  }
  #state(state: SourceState): void {
    this.#listener?.onState(state);
  }
  #update(info: GatewayInfo): void {
    this.#info = info;
    this.#onInfo?.(info);
  }
}

const LOGIN_STEP_MS = 25_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
