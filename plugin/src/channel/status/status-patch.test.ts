import { describe, expect, test } from "vitest";
import type { AccountStatus } from "../../runtime/account.ts";
import type { StatusEffect } from "../../runtime/ports.ts";
import { collectStatusIssues } from "./status-issues.ts";
import {
  NOTHING_PUBLISHED,
  type Published,
  toStatusPatch,
  transportActivity,
} from "./status-patch.ts";

const NOW = 1_800_000_000_000;

function effect(over: Partial<StatusEffect>): StatusEffect {
  return {
    kind: "status.publish",
    lifecycle: "ready",
    connected: false,
    terminal: false,
    causeId: null,
    attempt: 0,
    nextAttemptMs: null,
    ...over,
  };
}

function account(over: Partial<AccountStatus> = {}): AccountStatus {
  return {
    version: 1,
    accountId: "work",
    phase: "open",
    cause: null,
    controller: 1,
    predecessors: [],
    socketId: 1,
    attemptsLastHour: 0,
    nextAttemptAt: null,
    keepalive: {
      mode: "iq",
      intervalMs: 240_000,
      rotateAfterMs: null,
      frameAgeMs: 1_500,
      rhythm: null,
    },
    drain: { announced: 0, delivered: 0, journalled: 0, receipted: 0 },
    journal: { depth: 0, oldestUnsettledMs: null, spilled: 0 },
    outages: [],
    ...over,
  };
}

function patchOf(over: Partial<StatusEffect>, before: Published = NOTHING_PUBLISHED) {
  return toStatusPatch(effect(over), account(), before, NOW).patch;
}

describe("what the gateway hears", () => {
  test("while recovering the last disconnect is always now, or its health monitor would step in", () => {
    const lost = { lifecycle: "recovering", causeId: "dns-not-found", attempt: 3 } as const;
    expect(patchOf(lost)).toMatchObject({
      accountId: "work",
      connected: false,
      lifecycle: "recovering",
      healthState: "reconnecting",
      terminalDisconnect: false,
      reconnectAttempts: 3,
      lastDisconnect: { at: NOW, loggedOut: false },
    });
    expect(patchOf(lost).lastError).toContain("does not resolve");
  });

  test("a terminal cause blocks the account with sentence and action", () => {
    const patch = patchOf({ lifecycle: "blocked", terminal: true, causeId: "device-removed" });
    expect(patch).toMatchObject({
      lifecycle: "blocked",
      terminalDisconnect: true,
      connected: false,
      healthState: "logged-out",
      statusState: "not-linked",
      lastDisconnect: { loggedOut: true },
    });
    expect(patch.lastError).toMatch(/removed on the phone.*openclaw channels login/);
  });

  test("a conflict is not a logout", () => {
    const patch = patchOf({ lifecycle: "blocked", terminal: true, causeId: "conflict-external" });
    expect(patch).toMatchObject({ healthState: "conflict", lastDisconnect: { loggedOut: false } });
    expect(patch).not.toHaveProperty("statusState");
  });

  test("a connected account carries no error and the age of its last frame", () => {
    expect(patchOf({ connected: true })).toMatchObject({
      connected: true,
      lifecycle: "ready",
      healthState: "healthy",
      statusState: "linked",
      terminalDisconnect: false,
      lastError: null,
      lastConnectedAt: NOW,
      lastTransportActivityAt: NOW - 1_500,
    });
  });

  test("without a frame nothing is claimed about the transport", () => {
    const { keepalive } = account();
    const silent = account({ keepalive: { ...keepalive, frameAgeMs: null } });
    expect(transportActivity(silent, NOW)).toEqual({});
  });

  test("the time of connecting stays as long as the account is connected", () => {
    const first = toStatusPatch(effect({ connected: true }), account(), NOTHING_PUBLISHED, NOW);
    const later = toStatusPatch(
      effect({ connected: true }),
      account(),
      first.published,
      NOW + 60_000,
    );
    expect(later.patch.lastConnectedAt).toBe(NOW);
    const lost = toStatusPatch(
      effect({ lifecycle: "recovering" }),
      account(),
      later.published,
      NOW,
    );
    const again = toStatusPatch(
      effect({ connected: true }),
      account(),
      lost.published,
      NOW + 90_000,
    );
    expect(again.patch.lastConnectedAt).toBe(NOW + 90_000);
  });

  test("a revived account says `starting`, because the gateway keeps `blocked` through `recovering`", () => {
    const blocked = toStatusPatch(
      effect({ lifecycle: "blocked", terminal: true, causeId: "logged-out" }),
      account(),
      NOTHING_PUBLISHED,
      NOW,
    );
    const revived = toStatusPatch(
      effect({ lifecycle: "recovering", causeId: "operator-restart" }),
      account(),
      blocked.published,
      NOW,
    );
    expect(revived.patch).toMatchObject({
      lifecycle: "starting",
      terminalDisconnect: false,
      healthState: "starting",
    });
  });

  test("the status code is a fact beside the sentence", () => {
    const withCode = account({
      cause: { id: "transport-silence", sentence: "", action: "", facts: { statusCode: 408 } },
    });
    const { patch } = toStatusPatch(
      effect({ lifecycle: "recovering", causeId: "transport-silence" }),
      withCode,
      NOTHING_PUBLISHED,
      NOW,
    );
    expect(patch.lastDisconnect).toMatchObject({ status: 408 });
  });
});

describe("the issue list", () => {
  const snapshot = { accountId: "work", enabled: true, linked: true, lifecycle: "ready" } as const;

  test("is empty for an account that is up, and for one that is switched off", () => {
    expect(collectStatusIssues([snapshot], [])).toEqual([]);
    expect(collectStatusIssues([{ ...snapshot, enabled: false, linked: false }], [])).toEqual([]);
  });

  test("tells how to link a device that is gone", () => {
    expect(
      collectStatusIssues([{ ...snapshot, linked: false, lastError: "Gone." }], []),
    ).toMatchObject([
      { kind: "auth", message: "Gone.", fix: expect.stringContaining("--account work") },
    ]);
  });

  test("says that nothing is to be done while it recovers, and what to do when it is blocked", () => {
    const [recovering] = collectStatusIssues(
      [{ ...snapshot, lifecycle: "recovering", reconnectAttempts: 2 }],
      [],
    );
    expect(recovering).toMatchObject({
      kind: "runtime",
      message: expect.stringContaining("attempt 2"),
    });
    const [blocked] = collectStatusIssues(
      [{ ...snapshot, lifecycle: "blocked", lastError: "Taken over." }],
      [],
    );
    expect(blocked).toMatchObject({
      message: "Taken over.",
      fix: expect.stringContaining("whatsappContinuity.restart"),
    });
  });

  test("shows what concerns the whole plugin once", () => {
    const standing = { kind: "config", message: "m", fix: "f" } as const;
    const two = [snapshot, { ...snapshot, accountId: "shop" }];
    expect(collectStatusIssues(two, [standing])).toEqual([
      { channel: "whatsapp", accountId: "work", ...standing },
    ]);
  });
});
