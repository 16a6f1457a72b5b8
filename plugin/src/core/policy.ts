/**
 * What the owner of a gateway may choose, in the units of the decisions. The plugin config in seconds, minutes and days is
 * translated into this at the edge; changing it never closes a socket.
 */
export interface Policy {
  readonly keepalive: {
    readonly mode: "presence-unavailable" | "presence-available" | "iq" | "off";
    /** Session keepalive interval before jitter. */
    readonly intervalMs: number;
    readonly adaptive: boolean;
    /** Age at which a connection is replaced by ourselves in a quiet moment; 0 means never. See `sessionPlan`. */
    readonly rotateAfterMs: number;
  };
  readonly recovery: {
    /** Cap of the reconnect backoff. */
    readonly maxDelayMs: number;
    /** Upper bound of connect attempts in any hour, whatever happens. */
    readonly attemptsPerHour: number;
    /** After an external conflict: probe once after this long; 0 means never. */
    readonly conflictProbeMs: number;
  };
  readonly backfill: {
    /** How far back an outage is filled. */
    readonly windowMs: number;
    readonly history: "evidence" | "always" | "off";
    readonly requestsPerHour: number;
    /** How long a new message waits for what the phone may have from before it; each page that comes in renews it. 0 means not at all. */
    readonly holdMs: number;
  };
  /** What becomes of messages that arrive late, by how the agent is addressed. */
  readonly late: {
    readonly direct: LateAnswer;
    readonly mention: LateAnswer;
    readonly group: LateAnswer;
    /** What would be answered and is older becomes context. */
    readonly maxAgeMs: number;
    /** Whether the owner is told of what was too old, once per outage. */
    readonly older: "off" | "notify";
  };
  readonly sends: {
    /** How long a captured reply waits for a successor socket. */
    readonly successorWaitMs: number;
    /** How long a written message waits for the server's ack before it counts as unknown. */
    readonly ackWaitMs: number;
    readonly maxAttempts: number;
  };
  readonly alert: {
    /** Tell the owner after being down this long; 0 means never. */
    readonly afterMs: number;
  };
}
export type LateAnswer = "reply" | "context" | "off";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const DEFAULT_POLICY: Policy = {
  keepalive: { mode: "iq", intervalMs: 4 * MINUTE, adaptive: true, rotateAfterMs: 0 },
  recovery: { maxDelayMs: 60 * SECOND, attemptsPerHour: 60, conflictProbeMs: 0 },
  backfill: {
    windowMs: 120 * MINUTE,
    history: "evidence",
    requestsPerHour: 10,
    holdMs: 4 * SECOND,
  },
  late: {
    direct: "reply",
    mention: "reply",
    group: "context",
    maxAgeMs: 120 * MINUTE,
    older: "off",
  },
  sends: { successorWaitMs: 2 * MINUTE, ackWaitMs: 20 * SECOND, maxAttempts: 5 },
  alert: { afterMs: 0 },
};

/** What differs from the defaults, as canonical JSON (`{}` for the defaults): how a log carries the policy in force. */
export function serialisePolicy(policy: Policy): string {
  const changed: Record<string, Record<string, unknown>> = {};
  for (const section of SECTIONS) {
    for (const [key, fallback] of Object.entries(DEFAULT_POLICY[section])) {
      const value = (policy[section] as Readonly<Record<string, unknown>>)[key];
      if (value !== fallback) changed[section] = { ...changed[section], [key]: value };
    }
  }
  return JSON.stringify(changed);
}

/**
 * Reads what {@link serialisePolicy} wrote. Total: unknown sections and keys (of a newer log) and values of another type
 * than the default's are left at the default.
 */
export function parsePolicy(serialised: string): Policy {
  const given = parseObject(serialised);
  const merged = SECTIONS.map((section) => {
    const overrides = asObject(given[section]);
    const entries = Object.entries(DEFAULT_POLICY[section]).map(([key, fallback]) => {
      const value = overrides[key];
      return [key, typeof value === typeof fallback ? value : fallback];
    });
    return [section, Object.fromEntries(entries)];
  });
  return Object.fromEntries(merged) as Policy;
}

const SECTIONS = ["keepalive", "recovery", "backfill", "late", "sends", "alert"] as const;

function parseObject(serialised: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(serialised));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}
