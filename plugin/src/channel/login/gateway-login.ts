import type { ChannelPlugin, OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { AccountStatus } from "../../runtime/account.ts";
import { systemClock } from "../../runtime/system-ports.ts";
import { resolveAccount, type WhatsAppAccount } from "../accounts/account.ts";
import { hasCredentials } from "../accounts/auth-dir.ts";
import type { AccountAtWork, AccountsAtWork } from "../accounts-at-work.ts";
import type { Composition } from "../composition.ts";
import type { SettingsReading } from "../config/settings.ts";
import { processSlot } from "../process-slot.ts";
import { isDeadDevice, LoginSession } from "./login-session.ts";
import { revive } from "./revive.ts";
import { HOW_TO_RELINK, whereItStands } from "./where-it-stands.ts";

type Gateway = NonNullable<ChannelPlugin<WhatsAppAccount>["gateway"]>;
type StartLogin = NonNullable<Gateway["loginWithQrStart"]>;
type WaitLogin = NonNullable<Gateway["loginWithQrWait"]>;
/** A sentence for a person, with the code to scan where there is one. */
export type LoginAnswer = Awaited<ReturnType<StartLogin>>;

const FIRST_CODE_LIMIT_MS = 30_000;
const RESTART_LIMIT_MS = 20_000;
const SCAN_LIMIT_MS = 120_000;
const SCAN = "Scan this code with the phone: WhatsApp, Linked devices, Link a device.";

export interface GatewayLoginParts {
  readonly accounts: AccountsAtWork;
  composition(): Promise<Composition>;
  config(): OpenClawConfig;
  settings(): SettingsReading;
}

/**
 * Linking and reviving through the gateway (`web.login.start`, `web.login.wait`, the agent's tool), with the code as a picture for a browser.
 * An account whose device is linked never waits for a code that does not come: it is revived in process, and the answer says where it
 * stands.
 */
export interface GatewayLogin {
  readonly start: StartLogin;
  readonly wait: WaitLogin;
  /** Where the account stands, with the code of a linking under way. */
  status(accountId: string | undefined): Promise<LoginAnswer>;
  /** Connects anew, whatever the account waits for. `authorise` is called before anything is done. */
  restart(accountId: string | undefined, authorise: () => void): Promise<LoginAnswer>;
  /** Gives up the stored device and offers a code. */
  relink(accountId: string | undefined, authorise: () => void): Promise<LoginAnswer>;
  /** The account is about to run: an attempt that still holds its device ends first. */
  finish(accountId: string): Promise<void>;
}

export function createGatewayLogin(parts: GatewayLoginParts): GatewayLogin {
  const attempts = new Attempts(parts);
  const account = (accountId: string | null | undefined): WhatsAppAccount =>
    resolveAccount(parts.config(), accountId);
  const start: StartLogin = async ({ accountId, force, timeoutMs }) => {
    const limitMs = timeoutMs ?? FIRST_CODE_LIMIT_MS;
    const of = account(accountId);
    if (force === true) return firstAnswer(await attempts.begin(of, true), limitMs);
    const running = attempts.running(of.accountId);
    if (running !== null) return firstAnswer(running, limitMs);
    const atWork = parts.accounts.get(of.accountId);
    if (atWork !== null && isUsable(of, atWork)) {
      const status = await revive(atWork, limitMs);
      // What the attempt has shown may be that the keys are dead: then a code is what helps.
      if (!isDeadDevice(status.cause?.id ?? null)) return linkedAnswer(status);
    }
    return firstAnswer(await attempts.begin(of, false), limitMs);
  };

  return {
    start,
    async wait({ accountId, timeoutMs, currentQrDataUrl }) {
      const of = account(accountId);
      const session = attempts.get(of.accountId);
      if (session !== null) return awaitScan(session, timeoutMs ?? SCAN_LIMIT_MS, currentQrDataUrl);
      const status = parts.accounts.get(of.accountId)?.runtime.status();
      if (status?.phase === "open") return { ...linkedAnswer(status), connected: true };
      return { connected: false, message: "No linking is under way. Ask for a code first." };
    },
    async status(accountId) {
      const of = account(accountId);
      const running = attempts.running(of.accountId);
      if (running !== null) return firstAnswer(running, 0);
      const atWork = parts.accounts.get(of.accountId);
      return atWork === null
        ? { message: notAtWork(of) }
        : { message: whereItStands(atWork.runtime.status(), systemClock.wallMs()) };
    },
    async restart(accountId, authorise) {
      const of = account(accountId);
      const atWork = parts.accounts.get(of.accountId);
      if (atWork === null) return { message: notAtWork(of) };
      authorise();
      const running = attempts.running(of.accountId);
      // A linking under way has the device; the account goes on as soon as it is over.
      if (running !== null) await attempts.end(of.accountId);
      const status = await revive(atWork, RESTART_LIMIT_MS, true);
      return linkedAnswer(status);
    },
    async relink(accountId, authorise) {
      const of = account(accountId);
      authorise();
      return firstAnswer(await attempts.relink(of), FIRST_CODE_LIMIT_MS);
    },
    finish: (accountId) => attempts.end(accountId),
  };
}

/** Attempts to link by account, in all loaded copies of the plugin: the host may ask another copy for the end than for the beginning. */
class Attempts {
  readonly #parts: GatewayLoginParts;
  readonly #sessions = processSlot<LoginSession>("login-sessions/1");

  constructor(parts: GatewayLoginParts) {
    this.#parts = parts;
  }

  /** Also one that is over, until the account runs. */
  get(accountId: string): LoginSession | null {
    return this.#sessions.get(accountId) ?? null;
  }

  running(accountId: string): LoginSession | null {
    const session = this.get(accountId);
    return session === null || session.isOver ? null : session;
  }

  /** @param force give up the stored device, whether or not it works */
  async begin(account: WhatsAppAccount, force: boolean): Promise<LoginSession> {
    const { accountId } = account;
    await this.end(accountId);
    const atWork = (): AccountAtWork | null => this.#parts.accounts.get(accountId);
    const cause = atWork()?.runtime.status().cause ?? null;
    const session = new LoginSession(await this.#parts.composition(), {
      account,
      settings: this.#parts.settings().forAccount(accountId),
      force: force || isDeadDevice(cause?.id ?? null),
    });
    this.#sessions.set(accountId, session);
    // An account that the gateway did not stop for the linking goes on, now with the device that is there.
    void session.outcome.then(() => atWork()?.runtime.restart());
    return session;
  }

  /** Gives up the stored device. A running account does it itself: nobody ends it meanwhile, and its journal stays its own. */
  async relink(account: WhatsAppAccount): Promise<LoginSession> {
    const { accountId } = account;
    const atWork = this.#parts.accounts.get(accountId);
    if (atWork === null) return this.begin(account, true);
    await this.end(accountId);
    const session = new LoginSession(await this.#parts.composition(), {
      account,
      settings: this.#parts.settings().forAccount(accountId),
      force: true,
      atWork,
    });
    this.#sessions.set(accountId, session);
    // Without a device it is blocked and says so, which a stopped account would not.
    void session.outcome.then(({ connected }) =>
      connected ? undefined : atWork.runtime.restart(),
    );
    return session;
  }

  async end(accountId: string): Promise<void> {
    const session = this.get(accountId);
    if (session === null) return;
    session.cancel();
    await session.outcome;
    if (this.get(accountId) === session) this.#sessions.delete(accountId);
  }
}

/** There are keys, and nothing says that WhatsApp does not know them any more. */
function isUsable(account: WhatsAppAccount, { runtime }: AccountAtWork): boolean {
  return hasCredentials(account.authDir) && !isDeadDevice(runtime.status().cause?.id ?? null);
}

function linkedAnswer(status: AccountStatus): LoginAnswer {
  return {
    message: `${whereItStands(status, systemClock.wallMs())} ${HOW_TO_RELINK}`,
    ...(status.phase === "open" ? { connected: true } : {}),
  };
}

function notAtWork({ accountId }: WhatsAppAccount): string {
  return `WhatsApp account ${accountId} does not run; start it with \`openclaw gateway call channels.start --params '{"channel":"whatsapp","accountId":"${accountId}"}'\`.`;
}

/** The first code, or why there is none: the device is linked already, or something keeps the attempt from going on. */
async function firstAnswer(session: LoginSession, limitMs: number): Promise<LoginAnswer> {
  await session.changed(null, limitMs);
  if (session.isOver) {
    const { sentence, connected } = await session.outcome;
    return { message: sentence, connected };
  }
  if (session.code !== null) return { qrDataUrl: await picture(session.code), message: SCAN };
  const status = session.status();
  const where = status === null ? "" : ` ${whereItStands(status, systemClock.wallMs())}`;
  return {
    message: `There is no code to scan yet.${where} The attempt goes on: ask again in a moment.`,
  };
}

async function awaitScan(
  session: LoginSession,
  limitMs: number,
  shown: string | undefined,
): ReturnType<WaitLogin> {
  const deadline = systemClock.monotonicMs() + limitMs;
  let known = session.code;
  while (!session.isOver) {
    const current = session.code === null ? undefined : await picture(session.code);
    if (current !== undefined && shown !== undefined && current !== shown) {
      return {
        connected: false,
        message: "The code was renewed. Scan this one.",
        qrDataUrl: current,
      };
    }
    const remaining = deadline - systemClock.monotonicMs();
    if (remaining <= 0) {
      return { connected: false, message: "The code was not scanned yet." };
    }
    await session.changed(known, remaining);
    known = session.code;
  }
  const outcome = await session.outcome;
  return { connected: outcome.connected, message: outcome.sentence };
}

async function picture(code: string): Promise<string> {
  const { renderQrPngDataUrl } = await import("openclaw/plugin-sdk/media-runtime");
  return renderQrPngDataUrl(code);
}
