import type { RawError, WorldEvent } from "../../events/index.ts";
import type { Fact, FactOf } from "./report.ts";

/**
 * The table of `world` records: what a test world has to do so that a fact happens at the depths `baileys` and `gateway`. Documented in
 * fixtures/README.md; every record made by it is marked `derived`.
 *
 * | fact | world |
 * | --- | --- |
 * | `closed` with a stream error, failure, end or close | `server.struck` with that strike |
 * | `conflict` own-socket, other-process | field `by` of the strike `replaced` that follows |
 * | `closed` with `setup` | `fault.set` at stage login, once, before that attempt begins |
 * | `closed` after silence ("Connection was lost") | `server.struck` with silence: the story goes on when the plugin has noticed |
 * | `network failing` / `up` | `fault.set` at its stage / `fault.cleared` |
 * | `link dead` / `alive` | `fault.set` black-hole at stage open / `fault.cleared` |
 * | `delivery withheld` / `flowing` | `fault.set` deaf at stage open / `fault.cleared` |
 * | `acks lost` / `answered` | `fault.set` dropped at stage ack (a receipt would tell as much as the ack) / `fault.cleared` |
 * | `message` | `contact.wrote`, in LID addressing; `lost` where the server never delivers it |
 * | `answer` | `agent.answered` |
 * | `input` send.requested | `agent.answered`, unasked |
 * | `start` / `stop` | `operator.ordered` start, stop or health-restart |
 * | `restart` | `operator.ordered` kill, of what was not stopped before |
 * | `input` operator.acted, clock.jumped, loop.stalled | `operator.ordered`, `clock.shifted`, `loop.blocked` |
 * | `phone` | `phone.changed` |
 */
export function worldOf(fact: Fact): readonly WorldEvent[] {
  switch (fact.fact) {
    case "closed":
      return fact.setup === true ? [] : strikeOf(fact.error);
    case "network":
      return networkFault(fact);
    case "link":
      return switched("link", fact.state === "dead", { stage: "open", fault: "black-hole" });
    case "delivery":
      return switched("delivery", fact.state === "withheld", { stage: "open", fault: "deaf" });
    case "acks":
      return switched("acks", fact.state === "lost", { stage: "ack", fault: "dropped" });
    case "message":
      return [
        {
          kind: "contact.wrote",
          contact: fact.chatKind === "direct" ? fact.chat : "user-9",
          chat: fact.chat,
          ref: fact.messageId,
          addressing: "lid",
          ...(fact.mentioned === true ? { mention: true } : {}),
          ...(fact.lost === true ? { lost: true } : {}),
        },
      ];
    case "answer":
      return [{ kind: "agent.answered", ref: fact.to, chat: fact.chat }];
    case "start":
      return [{ kind: "operator.ordered", act: "start" }];
    case "stop":
      return [
        { kind: "operator.ordered", act: fact.reason === "restart" ? "health-restart" : "stop" },
      ];
    case "phone":
      return [{ kind: "phone.changed", online: fact.online }];
    case "input":
      return ofInput(fact);
    case "opened":
    case "conflict":
    case "login":
    case "decided":
    case "restart":
      return [];
  }
}

/** The fault that ends one attempt during its login, as this fact says. Null when it ends by itself, as after a pairing. */
export function setupFaultOf(fact: FactOf<"closed">): WorldEvent | null {
  const [strike] = strikeOf(fact.error);
  if (strike?.kind !== "server.struck") return null;
  const fault = SETUP_FAULTS[strike.strike];
  if (fault === undefined) return null;
  const { status } = strike;
  return {
    kind: "fault.set",
    faultId: SETUP,
    stage: "login",
    fault,
    times: 1,
    ...(status === undefined ? {} : { status }),
  };
}

/** Id of the fault that meets one attempt. */
export const SETUP = "setup";
const SETUP_FAULTS: Readonly<Record<string, string>> = {
  fin: "fin",
  "stream-end": "fin",
  reset: "reset",
  failure: "failure",
};

type FaultSet = Extract<WorldEvent, { kind: "fault.set" }>;

function switched(
  faultId: string,
  on: boolean,
  fault: Pick<FaultSet, "stage" | "fault">,
): readonly WorldEvent[] {
  return on ? [{ kind: "fault.set", faultId, ...fault }] : [{ kind: "fault.cleared", faultId }];
}

function networkFault(fact: FactOf<"network">): readonly WorldEvent[] {
  if (fact.state === "up") return [{ kind: "fault.cleared", faultId: "network" }];
  const status = fact.error?.httpStatus ?? fact.error?.statusCode;
  // Only a server that has accepted the connection can hang up on the request.
  const isHangUp = fact.error?.message.includes("socket hang up") === true;
  return [
    {
      kind: "fault.set",
      faultId: "network",
      stage: isHangUp ? "upgrade" : (fact.stage ?? "tcp"),
      fault: isHangUp ? "close" : (fact.fault ?? "reset"),
      ...(status === undefined ? {} : { status }),
      ...(fact.stage === "login" && fact.afterMs !== undefined && fact.afterMs !== null
        ? { delayMs: fact.afterMs }
        : {}),
    },
  ];
}

function strikeOf(error: RawError | null): readonly WorldEvent[] {
  if (error === null) return [{ kind: "server.struck", strike: "fin" }];
  const { message, tag, attrs, statusCode } = error;
  const status = statusCode === undefined ? {} : { status: statusCode };
  if (message === "Connection was lost") return [{ kind: "server.struck", strike: "silence" }];
  if (tag === "conflict" || statusCode === 440) {
    const removed = attrs?.["type"] === "device_removed";
    return [{ kind: "server.struck", strike: removed ? "device-removed" : "replaced", ...status }];
  }
  if (message === "Connection Failure")
    return [{ kind: "server.struck", strike: "failure", ...status }];
  if (message.startsWith("Stream Errored")) {
    return [{ kind: "server.struck", strike: "stream-error", ...status }];
  }
  if (message === "Connection Terminated by Server")
    return [{ kind: "server.struck", strike: "stream-end" }];
  if (message.startsWith("Connection Terminated"))
    return [{ kind: "server.struck", strike: "fin" }];
  return [{ kind: "server.struck", strike: "reset" }];
}

type Ordered = Extract<WorldEvent, { kind: "operator.ordered" }>["act"];
const ORDERS: Readonly<Record<string, Ordered>> = {
  restart: "restart",
  takeover: "restart",
  relink: "relink",
  logout: "logout",
};

function ofInput(fact: FactOf<"input">): readonly WorldEvent[] {
  const fields = fact.fields ?? {};
  switch (fact.kind) {
    case "operator.acted": {
      const act = ORDERS[String(fields["act"])];
      return act === undefined ? [] : [{ kind: "operator.ordered", act }];
    }
    case "clock.jumped":
      return [{ kind: "clock.shifted", jumpMs: Number(fields["jumpMs"]) }];
    case "loop.stalled":
      return [{ kind: "loop.blocked", stallMs: Number(fields["stallMs"]) }];
    case "send.requested":
      return [
        {
          kind: "agent.answered",
          ref: String(fields["sendId"]),
          chat: String(fields["chat"]),
          unasked: true,
        },
      ];
    default:
      return [];
  }
}
