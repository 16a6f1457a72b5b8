import type { PlaceView } from "./engine.ts";
import type { Scope } from "./expression.ts";

/** What conditions, watches and log messages can name. */
export const SCOPE_NAMES = [
  "kind",
  "rule",
  "account",
  "cause",
  "at",
  "seq",
  "dir",
  "event",
  "state",
  "before",
  "changes",
  "effects",
  "timers",
  "policy",
] as const;

/** A place as an expression sees it. `effects` are flat: `effects[0].kind`, `effects[0].rule`. */
export function scopeOf(view: PlaceView): Scope {
  const { record } = view;
  return {
    kind: record.kind,
    rule: view.rule,
    account: record.kind === "log.header" ? null : record.account,
    cause: view.cause?.id ?? null,
    at: record.at,
    seq: record.seq,
    dir: record.dir,
    event: record,
    state: view.state,
    before: view.before,
    changes: Object.fromEntries(
      view.changes.map(({ path, before, after }) => [path, { before, after }]),
    ),
    effects: view.effects.map(({ rule, effect }) => ({ ...effect, rule })),
    timers: view.timers,
    policy: view.policy,
  } satisfies Record<(typeof SCOPE_NAMES)[number], unknown>;
}
