import type { ChannelAccountSnapshot } from "openclaw/plugin-sdk/channel-contract";
import type { AccountRuntime } from "../runtime/account.ts";
import type { ChannelPort, Clock, StatusEffect, Timers } from "../runtime/ports.ts";
import type { Alerts } from "./alerts.ts";
import { admitBurst, notifyOwner } from "./inbound/admit.ts";
import type { InboundHost } from "./inbound/admitted-message.ts";
import { Debounce } from "./inbound/debounce.ts";
import { restoreContext } from "./inbound/context.ts";
import { Patience } from "./inbound/patience.ts";
import { NOTHING_PUBLISHED, toStatusPatch, transportActivity } from "./status/status-patch.ts";

/** How often a quiet but open connection proves to the gateway that frames still arrive. */
const ACTIVITY_REFRESH_MS = 60_000;

export interface ChannelPortParts {
  readonly inbound: InboundHost;
  readonly alerts: Alerts;
  readonly clock: Clock;
  readonly timers: Timers;
  runtime(): AccountRuntime;
  /**
   * Runs host calls as part of the account's task. What calls the port may descend from a request to the gateway that is long answered (an
   * ordered restart opened the socket), and the host takes no new work from such a descendant.
   */
  inTask<Result>(run: () => Result): Result;
  /** Merges a patch into the account's status; ignored by the host after the account's task has ended. */
  setStatus(patch: ChannelAccountSnapshot): void;
}

/** The gateway as the account's runtime sees it. {@link close} ends the refreshing of the status. */
export interface OpenChannelPort extends ChannelPort {
  close(): void;
}

export function createChannelPort(parts: ChannelPortParts): OpenChannelPort {
  const { inbound, alerts, clock, timers, setStatus, inTask } = parts;
  const patience = new Patience(timers, inbound.log);
  const debounce = new Debounce(inbound);
  let published = NOTHING_PUBLISHED;
  let cancelRefresh: () => void = () => undefined;
  let closed = false;

  const refreshActivity = (): void => {
    if (closed || published.lifecycle !== "ready") return;
    const activity = transportActivity(parts.runtime().status(), clock.wallMs());
    setStatus({ accountId: inbound.accountId, ...activity });
    cancelRefresh = timers.start(ACTIVITY_REFRESH_MS, refreshActivity);
  };
  const publish = (effect: StatusEffect): void => {
    if (closed) return;
    const step = toStatusPatch(effect, parts.runtime().status(), published, clock.wallMs());
    published = step.published;
    setStatus(step.patch);
    cancelRefresh();
    if (published.lifecycle === "ready") {
      cancelRefresh = timers.start(ACTIVITY_REFRESH_MS, refreshActivity);
    }
  };
  let restored: Promise<void> | null = null;
  const whenRestored = (): Promise<void> => (restored ??= restoreContext(inbound));
  return {
    publishStatus: (effect) => inTask(() => publish(effect)),
    admit: (entry, as, late) => {
      const admission = inTask(() =>
        patience.until(async () => {
          await whenRestored();
          return debounce.admit({ entry, as, late });
        }),
      );
      // With its repetitions: the notice must not be composed while one of its messages waits for the gateway.
      return as === "notify-owner" ? inbound.notices.waitFor(admission) : admission;
    },
    admitBurst: (messages) =>
      inTask(() =>
        patience.until(async () => {
          await whenRestored();
          return admitBurst(inbound, messages);
        }),
      ),
    notifyOwner: () =>
      inTask(() => {
        notifyOwner(inbound).catch((error: unknown) => {
          inbound.log.warn("The owner could not be told of old messages.", { error });
        });
      }),
    raiseAlert: (causeId, downMs) => inTask(() => alerts.raise(causeId, downMs)),
    clearAlert: (downMs) => inTask(() => alerts.clear(downMs)),
    close() {
      closed = true;
      patience.close();
      debounce.close();
      alerts.close();
      cancelRefresh();
    },
  };
}
