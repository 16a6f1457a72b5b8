import type { ConnectionState } from "../core/index.ts";
import type { Effect, Input, RawError } from "../events/index.ts";
import type { BackfillMemory } from "./backfill-memory.ts";
import type { ConflictInspection } from "./conflict-inspection.ts";
import type { CoreTimers } from "./core-timers.ts";
import type { HistoryDesk } from "./history-desk.ts";
import type { InboundIntake } from "./inbound-intake.ts";
import type { OwnerLease } from "./owner-lease.ts";
import type {
  ChannelPort,
  LiveSocket,
  NetworkProbe,
  Pseudonymiser,
  VersionSource,
} from "./ports.ts";
import type { SendCustody } from "./send-custody.ts";
import type { SignOfLife } from "./sign-of-life.ts";
import type { SocketPool } from "./socket-pool.ts";

/** Who carries out what; one owner per kind of effect. */
export interface EffectOwners {
  readonly timers: CoreTimers;
  readonly sockets: SocketPool;
  readonly lease: OwnerLease;
  readonly conflict: ConflictInspection;
  readonly intake: InboundIntake;
  readonly custody: SendCustody;
  readonly history: HistoryDesk;
  readonly memory: BackfillMemory;
  readonly life: SignOfLife;
  readonly channel: ChannelPort;
  readonly networkProbe: NetworkProbe;
  readonly versions: VersionSource;
  readonly pseudonyms: Pseudonymiser;
  /** Sets the journal aside unless it is that of the number whose credentials are stored now. */
  quarantineJournal(): void;
  post(input: Input): void;
}

/**
 * Does what the core decided. Every effect either has its answer posted later or is done when this returns; none is awaited, because
 * the mailbox goes on.
 */
export function runEffect(owners: EffectOwners, effect: Effect, connection: ConnectionState): void {
  const { sockets, timers, custody, channel } = owners;
  switch (effect.kind) {
    case "owner.acquire":
      return owners.lease.claim(effect.controllerId);
    case "owner.release":
      return owners.lease.giveBack();
    case "socket.open":
      return sockets.open(effect.socketId, wantsPairing(connection));
    case "socket.close":
      return sockets.withSocket(effect.socketId, (socket) => socket.close(effect.reason));
    case "conflict.inspect":
      return owners.conflict.inspect(effect.socketId);
    case "timer.start":
      return timers.start(effect.timerId, effect.timer, effect.delayMs, effect.subject ?? null);
    case "timer.cancel":
      return timers.cancel(effect.timerId);
    case "network.probe":
      return probeNetwork(owners);
    case "version.refresh":
      return refreshVersion(owners);
    case "ping.send":
    case "liveness.sample":
    case "keepalive.send":
    case "drain.pull":
    case "placeholder.request":
    case "session.reset":
      return sockets.withSocket(effect.socketId, (socket) => runOnSocket(socket, effect));
    case "message.admit":
      return owners.intake.admit(effect);
    case "burst.admit":
      return owners.intake.admitBurst();
    case "owner.notify":
      return channel.notifyOwner(effect.messages);
    case "send.dispatch":
      return custody.dispatch(effect.sendId, effect.socketId, effect.renew === true);
    case "send.settle":
      return custody.settle(effect);
    case "journal.quarantine":
      return owners.quarantineJournal();
    case "status.publish":
      return channel.publishStatus(effect);
    case "alert.raise":
      return channel.raiseAlert(effect.causeId, effect.downMs);
    case "alert.clear":
      return channel.clearAlert(effect.downMs);
    case "history.request":
      return owners.history.ask(effect);
    case "outage.report":
      return owners.memory.record(effect);
    // Decisions that are complete once they are on record.
    case "send.hold":
    case "message.hold":
    case "event.drop":
    case "input.refuse":
    case "drain.close":
    case "drops.report":
    case "gap.open":
    case "gap.close":
    case "drops.correlate":
    case "invariant.report":
    case "reported.decide":
      return;
  }
}

type OnSocket = Extract<
  Effect,
  {
    kind:
      | "ping.send"
      | "liveness.sample"
      | "keepalive.send"
      | "drain.pull"
      | "placeholder.request"
      | "session.reset";
  }
>;

function runOnSocket(socket: LiveSocket, effect: OnSocket): void {
  switch (effect.kind) {
    case "ping.send":
      return socket.ping(effect.pingId, effect.probe);
    case "liveness.sample":
      return socket.sampleLiveness();
    case "keepalive.send":
      return socket.sendKeepalive(effect.mode);
    case "drain.pull":
      return socket.pullOffline(effect.batch);
    case "placeholder.request":
      return socket.requestPlaceholder(effect.messageId);
    case "session.reset":
      return socket.resetSessions(effect.messageId);
  }
}

function wantsPairing(connection: ConnectionState): boolean {
  return connection.phase === "connecting" && connection.pairing;
}

function probeNetwork(owners: EffectOwners): void {
  const answer = (error: RawError | null): void => {
    owners.post({
      kind: "network.probed",
      result: error === null ? "reachable" : "unreachable",
      error: error === null ? null : owners.pseudonyms.error(error),
    });
  };
  owners.networkProbe.probe().then(answer, (error: unknown) => {
    answer({ name: "ProbeFailed", message: String(error) });
  });
}

function refreshVersion(owners: EffectOwners): void {
  owners.versions.refresh().then(
    ({ version, source, error }) => {
      owners.post({
        kind: "version.resolved",
        source,
        version: version.join("."),
        ...(error === null ? {} : { error: owners.pseudonyms.error(error) }),
      });
    },
    (error: unknown) => {
      const current = owners.versions.current();
      owners.post({
        kind: "version.resolved",
        source: current.source,
        version: current.version.join("."),
        error: owners.pseudonyms.error({ name: "VersionLookupFailed", message: String(error) }),
      });
    },
  );
}

/** An effect that failed, as a fact. */
export function effectFault(
  owners: Pick<EffectOwners, "pseudonyms">,
  name: string,
  error: unknown,
): Input {
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: "fault.raised",
    origin: "effect",
    socketId: null,
    error: owners.pseudonyms.error({ name, message }),
  };
}
