import { type AccountState, currentController, currentSocket } from "../core/index.ts";
import type { HeaderRecord, InputRecord, LogRecord } from "../events/index.ts";
import { currentCore } from "./core-port.ts";
import { beginFold, type Decision, foldedAccount, foldRecord } from "./fold.ts";

/**
 * What the ids of an input stood for when it happened. In a story from which earlier inputs are taken out, sockets and timers get other numbers; the
 * input is about the one in the same place.
 */
export interface PlacedInput {
  readonly input: InputRecord;
  readonly socketIsCurrent: boolean;
  readonly controllerIsCurrent: boolean;
  /** Its timer was running; found again by name and subject. */
  readonly timerIsRunning: boolean;
}

type Fold = ReturnType<typeof beginFold<AccountState>>;

/** The inputs of a log with the places of what they are about. */
export function placeInputs(records: readonly LogRecord[]): readonly PlacedInput[] {
  const placed: PlacedInput[] = [];
  let fold: Fold = beginFold();
  for (const record of records) {
    if (record.dir === "in" && record.kind !== "log.header") placed.push(placeOf(record, fold));
    if (record.dir === "in") fold = foldRecord(currentCore, fold, record).fold;
  }
  return placed;
}

export interface RetargetedStory {
  /** The inputs with the ids that they have in this story. */
  readonly inputs: readonly InputRecord[];
  readonly decisions: readonly Decision[];
}

/** Replays inputs of a longer log, each about what is now in the place of what it was about. */
export function replayPlaced(
  headerOf: (boot: string) => HeaderRecord | null,
  placed: readonly PlacedInput[],
): RetargetedStory {
  const inputs: InputRecord[] = [];
  const decisions: Decision[] = [];
  let fold: Fold = beginFold();
  for (const each of placed) {
    if (each.input.boot !== fold.boot) {
      const header = headerOf(each.input.boot);
      if (header !== null) fold = foldRecord(currentCore, fold, header).fold;
    }
    const input = retargeted(each, foldedAccount(fold, each.input.account)?.state ?? null);
    const step = foldRecord(currentCore, fold, input);
    fold = step.fold;
    inputs.push(input);
    if (step.decision !== null) decisions.push(step.decision);
  }
  return { inputs, decisions };
}

function placeOf(input: InputRecord, fold: Fold): PlacedInput {
  const state = foldedAccount(fold, input.account)?.state ?? null;
  const connection = state?.connection ?? null;
  const socketId = "socketId" in input ? input.socketId : null;
  const controllerId = "controllerId" in input ? input.controllerId : null;
  return {
    input,
    socketIsCurrent:
      connection !== null && socketId !== null && socketId === currentSocket(connection),
    controllerIsCurrent:
      connection !== null &&
      controllerId !== null &&
      controllerId === currentController(connection),
    timerIsRunning:
      input.kind === "timer.fired" &&
      state?.timers.some(({ timerId }) => timerId === input.timerId) === true,
  };
}

function retargeted(
  { input, socketIsCurrent, controllerIsCurrent, timerIsRunning }: PlacedInput,
  state: AccountState | null,
): InputRecord {
  if (state === null) return input;
  const socketId = socketIsCurrent ? currentSocket(state.connection) : null;
  const controllerId = controllerIsCurrent ? currentController(state.connection) : null;
  const timerId = timerIsRunning ? runningTimer(input, state) : null;
  return {
    ...input,
    ...(socketId === null ? {} : { socketId }),
    ...(controllerId === null ? {} : { controllerId }),
    ...(timerId === null ? {} : { timerId }),
  };
}

function runningTimer(input: InputRecord, state: AccountState): number | null {
  if (input.kind !== "timer.fired") return null;
  const running = state.timers.find(
    ({ timer, subject }) => timer === input.timer && subject === (input.subject ?? null),
  );
  return running?.timerId ?? null;
}
