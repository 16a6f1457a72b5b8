import type { ChannelAccountSnapshot } from "openclaw/plugin-sdk/channel-contract";
import { describeCause } from "../../core/causes.ts";
import type { AccountStatus } from "../../runtime/account.ts";
import type { StatusEffect } from "../../runtime/ports.ts";

/*
 * The account's status in the gateway's terms. What the gateway does with it decides over life and death of an account:
 * - `lastDisconnect.at` older than 120 s while not connected makes its health monitor restart the account, so every status while
 *   recovering carries the current time;
 * - `lifecycle: "blocked"` with `terminalDisconnect` makes its restart ladder and health monitor leave the account to a person;
 * - it keeps `blocked` until it sees `starting` or `ready`, and it never clears `healthState` by itself.
 */

/** What was published before; the gateway merges patches, so some steps depend on where it stands. */
export interface Published {
  readonly lifecycle: StatusEffect["lifecycle"];
  readonly connectedAt: number | null;
}
export const NOTHING_PUBLISHED: Published = { lifecycle: "stopped", connectedAt: null };

export interface StatusStep {
  readonly patch: ChannelAccountSnapshot;
  readonly published: Published;
}

/** Causes after which the account has no device any more, as opposed to one that is in somebody else's hands. */
const LOGGED_OUT: ReadonlySet<string> = new Set([
  "device-removed",
  "stream-logged-out",
  "logged-out",
  "not-linked",
  "qr-expired",
  "account-locked",
  "account-banned",
]);
const CONFLICT: ReadonlySet<string> = new Set(["conflict-external", "conflict-other-process"]);

/**
 * Translates one status of the core.
 * @param nowMs wall clock, because the gateway compares with its own
 */
export function toStatusPatch(
  effect: StatusEffect,
  account: AccountStatus,
  before: Published,
  nowMs: number,
): StatusStep {
  const lifecycle = recognisable(effect.lifecycle, before.lifecycle);
  const connectedAt = effect.connected ? (before.connectedAt ?? nowMs) : null;
  return {
    patch: {
      accountId: account.accountId,
      reconnectAttempts: effect.attempt,
      ...patchOf(lifecycle, effect, account, connectedAt, nowMs),
    },
    published: { lifecycle, connectedAt },
  };
}

/** The gateway ignores `recovering` after `blocked`; a revived account therefore says `starting` once. */
function recognisable(
  next: StatusEffect["lifecycle"],
  before: StatusEffect["lifecycle"],
): StatusEffect["lifecycle"] {
  return next === "recovering" && before === "blocked" ? "starting" : next;
}

function patchOf(
  lifecycle: StatusEffect["lifecycle"],
  effect: StatusEffect,
  account: AccountStatus,
  connectedAt: number | null,
  nowMs: number,
): Partial<ChannelAccountSnapshot> {
  switch (lifecycle) {
    case "starting":
      return {
        running: true,
        connected: false,
        lifecycle,
        terminalDisconnect: false,
        healthState: "starting",
        ...disconnect(effect, account, nowMs),
      };
    case "recovering":
      return {
        running: true,
        connected: false,
        lifecycle,
        terminalDisconnect: false,
        healthState: "reconnecting",
        ...disconnect(effect, account, nowMs),
      };
    case "ready":
      return {
        running: true,
        connected: true,
        lifecycle,
        terminalDisconnect: false,
        healthState: "healthy",
        statusState: "linked",
        lastConnectedAt: connectedAt ?? nowMs,
        lastEventAt: nowMs,
        lastError: null,
        ...transportActivity(account, nowMs),
      };
    case "blocked":
      return {
        running: true,
        connected: false,
        lifecycle,
        terminalDisconnect: true,
        healthState: blockedHealth(effect.causeId),
        ...(isLoggedOut(effect.causeId) ? { statusState: "not-linked" } : {}),
        ...disconnect(effect, account, nowMs),
      };
    case "stopped":
      return { running: false, connected: false, lifecycle, healthState: "stopped" };
  }
}

/** When the last decodable frame arrived; the gateway calls a connection stale when this stays the same for 30 minutes. */
export function transportActivity(
  account: AccountStatus,
  nowMs: number,
): Partial<ChannelAccountSnapshot> {
  const { frameAgeMs } = account.keepalive;
  return frameAgeMs === null ? {} : { lastTransportActivityAt: nowMs - frameAgeMs };
}

function disconnect(
  effect: StatusEffect,
  account: AccountStatus,
  nowMs: number,
): Partial<ChannelAccountSnapshot> {
  // Nothing was lost yet: an account that connects for the first time.
  if (effect.causeId === null) return { lastError: null };
  const statusCode = account.cause?.facts["statusCode"];
  const holder = account.cause?.facts["holder"];
  const error = `${explain(effect.causeId)}${typeof holder === "string" ? ` It is ${holder}.` : ""}`;
  return {
    lastError: error,
    lastDisconnect: {
      at: nowMs,
      ...(typeof statusCode === "number" ? { status: statusCode } : {}),
      error,
      loggedOut: isLoggedOut(effect.causeId),
    },
  };
}

/** Sentence and action of a cause as one line for people. */
export function explain(causeId: string): string {
  const { sentence, action } = describeCause(causeId);
  return `${sentence} ${action}.`;
}

export function isLoggedOut(causeId: string | null): boolean {
  return causeId !== null && LOGGED_OUT.has(causeId);
}

function blockedHealth(causeId: string | null): string {
  if (isLoggedOut(causeId)) return "logged-out";
  return causeId !== null && CONFLICT.has(causeId) ? "conflict" : "stopped";
}
