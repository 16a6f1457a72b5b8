import { FORMAT, FORMAT_VERSION } from "./record.ts";
import type { Shape } from "./schema.ts";
import { FORMAT_V0, OWN_VERSION_V0, type RecordV0, shapesV0 } from "./versions/v0.ts";

/*
 * Old logs load for ever. To change the format: freeze today's shapes as versions/v<N>.ts, raise FORMAT_VERSION, add one step
 * v<N> -> v<N+1> below, and put a sample file into fixtures/formats/v<N>/.
 */

/** What a step needs to know about the file beyond the record: the run's name, taken from the header. */
export interface ModernizeContext {
  readonly boot: string;
}

interface Step {
  /** The frozen shapes of the version this step reads, by kind. */
  readonly shapes: Readonly<Record<string, Shape<unknown>>>;
  /** Run name for a file whose records do not carry one. */
  bootOf(header: unknown): string;
  /** A checked record of this version as a record of the next. */
  upgrade(record: unknown, context: ModernizeContext): unknown;
}

const STEPS: readonly Step[] = [
  {
    shapes: shapesV0,
    bootOf: (header) => `v0-${(header as { readonly seed: string }).seed}`,
    // The codec checked the record against `shapesV0` before.
    upgrade: (record, context) => fromV0(record as RecordV0, context),
  },
];

/** Version of a log by its header's `format` and `version`, or `null` when it is not one of ours. */
export function versionOf(format: unknown, version: unknown): number | null {
  if (format === FORMAT && typeof version === "number" && Number.isInteger(version)) {
    return version >= STEPS.length ? version : null;
  }
  return format === FORMAT_V0 && version === OWN_VERSION_V0 ? 0 : null;
}

/** Frozen shape of an old record, or `null` for a kind that version did not have. */
export function shapeOfOld(version: number, kind: string): Shape<unknown> | null {
  const shapes = STEPS[version]?.shapes;
  if (shapes === undefined || !Object.hasOwn(shapes, kind)) return null;
  return shapes[kind] ?? null;
}

/** Run name of an old log, from its checked header. */
export function bootOfOld(version: number, header: unknown): string {
  return STEPS[version]?.bootOf(header) ?? "";
}

/** Brings a checked record of an old version to today's, step by step. */
export function modernize(record: unknown, version: number, context: ModernizeContext): unknown {
  return STEPS.slice(version).reduce((old, step) => step.upgrade(old, context), record);
}

if (STEPS.length !== FORMAT_VERSION) throw new Error("every old format version needs its step");

function fromV0(record: RecordV0, { boot }: ModernizeContext): unknown {
  switch (record.kind) {
    case "log.header":
      return { ...record, boot, format: FORMAT, version: 1 };
    case "socket.opened": {
      const { self, ...rest } = record;
      return { ...rest, boot, self: { pn: self === null ? null : withoutDomain(self), lid: null } };
    }
    case "socket.closed":
      return closeFromV0(record, boot);
    case "timer.fired":
    case "timer.start":
      return {
        ...record,
        boot,
        timer: record.timer === "watchdog" ? "keepalive-tick" : record.timer,
      };
    case "message.received": {
      const { from, offline, kind: _kind, ...rest } = record;
      return {
        ...rest,
        boot,
        kind: "message.journalled",
        chat: withoutDomain(from),
        chatKind: from.endsWith("@g.us") ? "group" : "direct",
        via: offline ? "offline" : "live",
        ageMs: null,
        fromMe: false,
        mentioned: false,
        duplicate: false,
      };
    }
    case "socket.open":
      // Version 0 did not number the attempts of an outage.
      return { ...record, boot, attempt: 1 };
    case "event.dropped": {
      const { socketId: _socketId, reason, kind: _kind, ...rest } = record;
      return { ...rest, boot, kind: "event.drop", inputKind: "socket.closed", why: reason };
    }
  }
}

function closeFromV0(record: Extract<RecordV0, { kind: "socket.closed" }>, boot: string): unknown {
  const { facts, ...rest } = record;
  const error =
    facts.statusCode === null && facts.tag === null
      ? null
      : {
          name: "Boom",
          message: "",
          ...(facts.statusCode === null ? {} : { statusCode: facts.statusCode }),
          ...(facts.tag === null ? {} : { tag: facts.tag }),
        };
  // `local` meant "noticed here"; only a close without any error was our own teardown.
  return {
    ...rest,
    boot,
    origin: facts.origin === "local" && error === null ? "local" : "remote",
    error,
  };
}

function withoutDomain(address: string): string {
  return address.split("@", 1)[0] ?? address;
}
