import type { RawError } from "../../src/events/index.ts";
import type { CoreRun, Network } from "./core-run.ts";

/** Something that goes wrong for a while. */
export interface Trouble {
  readonly name: string;
  /** Begins it; returns what ends it. */
  begin(run: CoreRun): () => void;
  /** A person may be needed afterwards. */
  readonly mayBlock?: true;
}

const error = (message: string, fields: Partial<RawError> = {}): RawError => ({
  name: "Error",
  message,
  ...fields,
});
const boom = (message: string, statusCode: number, fields: Partial<RawError> = {}): RawError =>
  error(message, { statusCode, ...fields });

export const ERRORS = {
  terminated: boom("Connection Terminated", 428),
  dns: boom("WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)", 408, {
    errorCode: "ENOTFOUND",
  }),
  refused: boom("WebSocket Error (connect ECONNREFUSED 127.0.0.1:1)", 408, {
    errorCode: "ECONNREFUSED",
  }),
  upgrade503: error("HTTP 503 instead of 101 at the WebSocket upgrade", { httpStatus: 503 }),
  upgrade429: error("HTTP 429 instead of 101 at the WebSocket upgrade", { httpStatus: 429 }),
  handshake: boom("WebSocket Error (Opening handshake has timed out)", 408),
  replaced: boom("Stream Errored (conflict)", 440, {
    tag: "conflict",
    attrs: { type: "replaced" },
  }),
  removed: boom("Stream Errored (conflict)", 401, {
    tag: "conflict",
    attrs: { type: "device_removed" },
  }),
  stream503: boom("Stream Errored (unknown)", 503, { tag: "stream:error" }),
  restart: boom("Stream Errored (restart required)", 515, { tag: "stream:error" }),
  login: (reason: string, attrs: Record<string, string> = {}) =>
    boom("Connection Failure", Number(reason), { tag: "failure", attrs: { reason, ...attrs } }),
} as const;

/** The network fails at a stage; the connection that was open ends with it. */
function failing(name: string, network: Omit<Network, "state">): Trouble {
  return {
    name,
    begin(run) {
      run.setNetwork({ state: "failing", ...network });
      run.hangUp(ERRORS.terminated);
      return () => run.setNetwork({ state: "up" });
    },
  };
}

/** Each connection ends as soon as it is open. */
function endedOnceOpen(
  name: string,
  ended: RawError,
  afterMs: number,
  flags: Pick<Trouble, "mayBlock"> = {},
): Trouble {
  return {
    name,
    ...flags,
    begin(run) {
      const end = (): void => run.plan(run.now + afterMs, () => run.hangUp(ended));
      run.whenOpened(end);
      if (run.isOpen) end();
      return () => run.whenOpened(null);
    },
  };
}

export const TROUBLES = {
  dns: failing("DNS outage", { stage: "dns", error: ERRORS.dns, afterMs: 5 }),
  refused: failing("refused", { stage: "tcp", error: ERRORS.refused, afterMs: 2 }),
  upgrade503: failing("HTTP 503 at the upgrade", {
    stage: "upgrade",
    error: ERRORS.upgrade503,
    afterMs: 120,
  }),
  upgrade429: failing("HTTP 429 at the upgrade", {
    stage: "upgrade",
    error: ERRORS.upgrade429,
    afterMs: 120,
  }),
  noAnswer: failing("no answer to the upgrade", {
    stage: "tcp",
    error: ERRORS.handshake,
    afterMs: 20_000,
  }),
  neverAnswered: failing("a dial that never ends by itself", { stage: "tcp", afterMs: null }),
  login503: failing("login refused with 503", {
    stage: "login",
    error: ERRORS.login("503"),
    afterMs: 900,
  }),
  blackHole: {
    name: "black hole",
    begin(run: CoreRun) {
      run.world.setLink("dead");
      run.auditor.linkIs("dead", run.now);
      run.setNetwork({ state: "failing", stage: "tcp", error: ERRORS.handshake, afterMs: 20_000 });
      return () => {
        run.world.setLink("alive");
        run.auditor.linkIs("alive", run.now);
        run.setNetwork({ state: "up" });
      };
    },
  },
  login401: {
    ...failing("login refused with 401", {
      stage: "login",
      error: ERRORS.login("401", { location: "odn" }),
      afterMs: 900,
    }),
    mayBlock: true,
  },
  ban402: failing("a ban of ten minutes each time", {
    stage: "login",
    error: ERRORS.login("402", { expire: "600", code: "101" }),
    afterMs: 900,
  }),
  outdated405: {
    ...failing("client version refused", {
      stage: "login",
      error: ERRORS.login("405", { location: "vll" }),
      afterMs: 900,
    }),
    mayBlock: true,
  },
  external440: endedOnceOpen("another program takes over each time", ERRORS.replaced, 1_000, {
    mayBlock: true,
  }),
  flapping: endedOnceOpen("the stream ends as soon as it is open", ERRORS.stream503, 2_000),
  restarts: endedOnceOpen("the server asks for a restart each time", ERRORS.restart, 2_000),
  quiet: { name: "nothing happens", begin: () => () => undefined },
} as const satisfies Readonly<Record<string, Trouble>>;
