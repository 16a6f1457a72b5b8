import { type AccountState, describeCause } from "../core/index.ts";
import type { LoginOutcome, LoginRequest } from "./account.ts";
import type { SelfAddress } from "./ports.ts";

/** What a login watches of the account. */
export interface LoginSource {
  state(): AccountState;
  self(): SelfAddress;
  /** Calls after every step; returns how to stop. */
  onStep(listener: (state: AccountState) => void): () => void;
  onQr(listener: (qr: string) => void): () => void;
}

/**
 * Waits for the end of a login that was started: connected, or in need of a person. A lost connection in between is not an end, because the
 * account goes on by itself; the caller's signal is.
 */
export function awaitLogin(source: LoginSource, request: LoginRequest): Promise<LoginOutcome> {
  return new Promise((resolve) => {
    const { signal } = request;
    const stopQr = source.onQr((qr) => request.onQr(qr));
    const stopSteps = source.onStep(check);
    const end = (outcome: LoginOutcome): void => {
      stopQr();
      stopSteps();
      signal.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    function onAbort(): void {
      end({
        connected: false,
        self: null,
        sentence: `The login was ended before it was complete. ${whereItStands(source.state())}`,
      });
    }
    function check(state: AccountState): void {
      switch (state.connection.phase) {
        case "open":
          return end({ connected: true, self: source.self(), sentence: "Linked and connected." });
        case "blocked":
        case "stopped":
          return end({ connected: false, self: null, sentence: whereItStands(state) });
        case "idle":
        case "claiming":
        case "connecting":
        case "waiting":
        case "inspecting":
          return;
      }
    }
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    check(source.state());
  });
}

/** One sentence for a person: what is the matter, and what to do. */
function whereItStands(state: AccountState): string {
  const { connection, recovery } = state;
  const causeId =
    connection.phase === "blocked" || connection.phase === "waiting"
      ? connection.causeId
      : recovery.lastCauseId;
  if (causeId === null) {
    return "Start linking again: openclaw channels login --channel whatsapp";
  }
  const { sentence, action } = describeCause(causeId);
  return `${sentence} ${action}.`;
}
