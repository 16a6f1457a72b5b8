import type { EffectRecord } from "openclaw-whatsapp-continuity-plugin/events";
import { beginFold, currentCore, foldRecord } from "openclaw-whatsapp-continuity-plugin/replay";
import type { TimedRecord } from "./feed-item.ts";

/** Records between two rests. */
const PORTION = 250;

/**
 * The same facts with what today's core decides about them, in place of what was decided then. After the first difference the rest
 * is counterfactual: the world would have answered differently. A long story takes a while, so it rests between portions.
 */
export function* decideAnew(records: Iterable<TimedRecord>): Generator<undefined, TimedRecord[]> {
  const result: TimedRecord[] = [];
  let fold = beginFold<ReturnType<typeof currentCore.initialState>>();
  let seq = 0;
  let passed = 0;
  for (const { record, wallMs } of records) {
    passed += 1;
    if (passed % PORTION === 0) yield;
    if (record.dir === "out") continue;
    seq += 1;
    const { fold: next, decision } = foldRecord(currentCore, fold, record);
    fold = next;
    result.push({ record: { ...record, seq }, wallMs });
    if (decision === null) continue;
    const cause = seq;
    for (const { rule, effect } of decision.effects) {
      seq += 1;
      const { boot, at, account } = decision.input;
      const decided: EffectRecord = { boot, seq, at, account, dir: "out", cause, rule, ...effect };
      result.push({ record: decided, wallMs });
    }
  }
  return result;
}
