import type {
  AccountId,
  ControllerId,
  SelfIdentity,
  SocketId,
  TimerId,
  TimerName,
} from "../events/index.ts";
import type { BackfillState } from "./backfill-state.ts";
import type { BurstsState } from "./bursts.ts";
import type { CauseId } from "./causes.ts";
import type { DrainState } from "./drain.ts";
import type { DropsState } from "./drops.ts";
import type { HearingState } from "./hearing.ts";
import type { KeepaliveState } from "./keepalive.ts";
import type { RngState } from "./rng.ts";
import type { SendsState } from "./send-queue.ts";

/** Why a stopped account has no controller, as far as captured replies are concerned. */
export type StopPromise = "successor-promised" | "final";

/** The connection of one account. Each phase carries exactly what that phase has. */
export type ConnectionState =
  | { readonly phase: "idle" }
  /** Waiting for the right to use the credentials. */
  | { readonly phase: "claiming"; readonly controllerId: ControllerId; readonly pairing: boolean }
  | {
      readonly phase: "connecting";
      readonly controllerId: ControllerId;
      readonly socketId: SocketId;
      readonly attempt: number;
      readonly stage: "dialing" | "login" | "pairing";
      readonly pairing: boolean;
    }
  | {
      readonly phase: "open";
      readonly controllerId: ControllerId;
      readonly socketId: SocketId;
      readonly self: SelfIdentity;
      readonly openedAt: number;
    }
  /** Between two sockets. */
  | {
      readonly phase: "waiting";
      readonly controllerId: ControllerId;
      readonly causeId: CauseId;
      readonly nextAttemptAt: number | null;
      readonly pairing: boolean;
    }
  /** Finding out who took the stream over. */
  | {
      readonly phase: "inspecting";
      readonly controllerId: ControllerId;
      readonly socketId: SocketId;
    }
  /** Needs a person. The controller lives, so that it can be revived in process. */
  | { readonly phase: "blocked"; readonly controllerId: ControllerId; readonly causeId: CauseId }
  | { readonly phase: "stopped"; readonly promise: StopPromise };
export type Phase = ConnectionState["phase"];

/** What recovery remembers across sockets. */
export interface RecoveryState {
  /** Failures in this outage; 0 after a stable period. */
  readonly attempt: number;
  /** Connect attempts of the last hour, ascending; bounded by the hourly budget. */
  readonly attemptTimes: readonly number[];
  readonly restartsInARow: number;
  readonly rejectionsInARow: number;
  readonly ownConflictsInARow: number;
  readonly versionRefreshed: boolean;
  readonly lastCauseId: CauseId | null;
  /** When a linked account was started that has not been connected since; null once it was. */
  readonly downSinceStart: number | null;
  /** A probe is under way or its timer is running: never two. */
  readonly probing: boolean;
  /** The resolver did not answer since the last attempt: its first answer is the return of the network. */
  readonly networkDown: boolean;
}

export interface ActiveTimer {
  readonly timerId: TimerId;
  readonly timer: TimerName;
  readonly subject: string | null;
}

/** Everything the core knows about one account: plain data, so it survives a reload of the plugin's code. */
export interface AccountState {
  readonly account: AccountId;
  readonly rng: RngState;
  readonly nextSocketId: SocketId;
  readonly nextTimerId: TimerId;
  readonly timers: readonly ActiveTimer[];
  readonly connection: ConnectionState;
  /** Sockets that were told to end and have not reported it; their late facts still count where they can. */
  readonly retiring: readonly SocketId[];
  readonly recovery: RecoveryState;
  /** The last confirmed own addresses; null before the first login. */
  readonly self: SelfIdentity | null;
  /** PN-LID pairs of our own account, as `pn|lid`. */
  readonly ownMappings: readonly string[];
  readonly keepalive: KeepaliveState;
  readonly drops: DropsState;
  readonly hearing: HearingState;
  readonly sends: SendsState;
  readonly drain: DrainState;
  readonly backfill: BackfillState;
  readonly bursts: BurstsState;
}

/** The controller in charge, if any. */
export function currentController(connection: ConnectionState): ControllerId | null {
  switch (connection.phase) {
    case "idle":
    case "stopped":
      return null;
    case "claiming":
    case "connecting":
    case "open":
    case "waiting":
    case "inspecting":
    case "blocked":
      return connection.controllerId;
  }
}

/** The socket in charge, if any. */
export function currentSocket(connection: ConnectionState): SocketId | null {
  return connection.phase === "connecting" || connection.phase === "open"
    ? connection.socketId
    : null;
}
