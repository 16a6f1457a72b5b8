import type { ChannelPlugin, OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { resolveAccount, type WhatsAppAccount } from "../accounts/account.ts";
import type { Composition } from "../composition.ts";
import type { SettingsReading } from "../config/settings.ts";
import type { AccountAtWork, AccountsAtWork } from "../accounts-at-work.ts";
import { isDeadDevice, LoginSession } from "./login-session.ts";

type Gateway = NonNullable<ChannelPlugin<WhatsAppAccount>["gateway"]>;
type StartLogin = NonNullable<Gateway["loginWithQrStart"]>;
type WaitLogin = NonNullable<Gateway["loginWithQrWait"]>;

const FIRST_CODE_LIMIT_MS = 30_000;
const SCAN_LIMIT_MS = 120_000;

export interface GatewayLoginParts {
  readonly accounts: AccountsAtWork;
  composition(): Promise<Composition>;
  config(): OpenClawConfig;
  settings(): SettingsReading;
}

/** Linking through the gateway (`web.login.start`, `web.login.wait`), with the code as a picture for a browser. */
export interface GatewayLogin {
  readonly start: StartLogin;
  readonly wait: WaitLogin;
  /** The account is about to run: an attempt that still holds its device ends first. */
  finish(accountId: string): Promise<void>;
}

export function createGatewayLogin(parts: GatewayLoginParts): GatewayLogin {
  const sessions = new Map<string, LoginSession>();
  const begin = async (account: WhatsAppAccount, force: boolean): Promise<LoginSession> => {
    const running = sessions.get(account.accountId);
    if (running !== undefined && !running.isOver && !force) return running;
    await end(account.accountId);
    const settings = parts.settings().forAccount(account.accountId);
    const cause = parts.accounts.get(account.accountId)?.runtime.status().cause ?? null;
    const session = new LoginSession(await parts.composition(), {
      account,
      settings,
      force: force || isDeadDevice(cause?.id ?? null),
    });
    sessions.set(account.accountId, session);
    // An account that the gateway did not stop for the linking goes on, now with the device that is there.
    void session.outcome.then(() => parts.accounts.get(account.accountId)?.runtime.restart());
    return session;
  };
  const end = async (accountId: string): Promise<void> => {
    const session = sessions.get(accountId);
    if (session === undefined) return;
    session.cancel();
    await session.outcome;
    if (sessions.get(accountId) === session) sessions.delete(accountId);
  };
  return {
    async start({ accountId, force, timeoutMs }) {
      const account = resolveAccount(parts.config(), accountId);
      const busy = force === true ? null : whyNoCode(parts.accounts.get(account.accountId));
      if (busy !== null) return { message: busy };
      const session = await begin(account, force === true);
      await session.changed(null, timeoutMs ?? FIRST_CODE_LIMIT_MS);
      if (session.isOver) {
        const outcome = await session.outcome;
        return { message: outcome.sentence, connected: outcome.connected };
      }
      if (session.code === null) {
        return { message: "WhatsApp has not offered a code yet. Ask again in a moment." };
      }
      return {
        qrDataUrl: await picture(session.code),
        message: "Scan this code with the phone: WhatsApp, Linked devices, Link a device.",
      };
    },
    async wait({ accountId, timeoutMs, currentQrDataUrl }) {
      const account = resolveAccount(parts.config(), accountId);
      const session = sessions.get(account.accountId);
      if (session === undefined) {
        return { connected: false, message: "No linking is under way. Ask for a code first." };
      }
      return awaitScan(session, timeoutMs ?? SCAN_LIMIT_MS, currentQrDataUrl);
    },
    finish: end,
  };
}

/** An account that runs on a linked device needs no code; null when one can help. */
function whyNoCode(account: AccountAtWork | null): string | null {
  if (account === null) return null;
  const { phase, cause } = account.runtime.status();
  const relink = "To link another number, ask for a fresh code (relink).";
  switch (phase) {
    case "open":
      return `WhatsApp is linked and connected. ${relink}`;
    case "claiming":
    case "connecting":
    case "waiting":
    case "inspecting":
      return `WhatsApp is linked and connecting${cause === null ? "" : `: ${cause.sentence}`} ${relink}`;
    case "idle":
    case "blocked":
    case "stopped":
      return null;
  }
}

async function awaitScan(
  session: LoginSession,
  limitMs: number,
  shown: string | undefined,
): ReturnType<WaitLogin> {
  const deadline = Date.now() + limitMs;
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
    const remaining = deadline - Date.now();
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
