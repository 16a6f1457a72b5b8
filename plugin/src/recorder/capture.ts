import {
  type AccountId,
  type HeaderRecord,
  type LogRecord,
  MAX_LINE_CHARACTERS,
  renumberPseudonyms,
  serialiseLog,
  serialiseRecord,
} from "../events/index.ts";
import type { AccountCheckpoint } from "../runtime/ports.ts";
import { accountOf } from "./ring-buffer.ts";
import { troubleBeganMs } from "./trouble.ts";

export interface CaptureRequest {
  /** Only this account; all when absent. */
  readonly accountId?: AccountId;
  /** The last minutes, or from shortly before the connection was last lost. */
  readonly since: number | "healthy";
  readonly title?: string;
}

/** What was captured: an incident file as text, and what a person wants to know about it before sharing it. */
export interface Capture {
  /** Suggested name, without a path. */
  readonly fileName: string;
  /** Content of an incident file (`*.incident.jsonl`). */
  readonly text: string;
  readonly records: number;
  readonly accounts: readonly AccountId[];
  /** It holds where each account stood when it begins, so a replay on this version decides the same. */
  readonly replayable: boolean;
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  readonly removed: Removed;
}

/** What no longer stands in a capture: how many identities got a number in place of their pseudonym or name. */
export interface Removed {
  readonly people: number;
  readonly groups: number;
  readonly others: number;
  /** Names of accounts, except `default`. */
  readonly accounts: number;
}

/** What a capture is cut out of. */
export interface CaptureSource {
  /** Oldest first. */
  readonly records: Iterable<LogRecord>;
  /** Places of an account at which it may be cut, oldest first. */
  readonly checkpointsOf: (accountId: AccountId) => readonly AccountCheckpoint[];
  /** Describes the run; only its records are taken. */
  readonly header: HeaderRecord;
  /** Monotonic, the clock of the records. */
  readonly nowMs: number;
}

const MINUTE_MS = 60_000;

/**
 * Cuts an incident out of the records. It begins at the nearest place before the wanted time at which the state of each account is known,
 * because a replay needs it. Account names and pseudonyms are numbered anew in order of appearance, so a capture can be compared with
 * nothing else of this installation.
 */
export function captureIncident(source: CaptureSource, request: CaptureRequest): Capture {
  const { header } = source;
  const cuts = cutsOf(source, request);
  const records = cuts.flatMap(({ records: own }) => own).toSorted((a, b) => a.seq - b.seq);
  const first = records[0];
  const names = new Map(
    cuts
      .map(({ accountId }) => accountId)
      .filter((accountId) => accountId !== "default")
      .map((accountId, index) => [accountId, `account-${index + 1}`]),
  );
  const top: HeaderRecord = {
    ...header,
    seq: first === undefined ? header.seq : Math.max(0, first.seq - 1),
    title: request.title ?? titleOf(request.since),
    ...checkpointField(cuts, names),
  };
  const story = [top, ...withReplacements(records, cuts, names, header)].map(renamed(names));
  const renumbered = renumberPseudonyms(story);
  return {
    fileName: `${header.startedAt.slice(0, 19).replaceAll(":", "")}-${header.boot.slice(0, 8)}.incident.jsonl`,
    text: serialiseLog(renumbered),
    records: records.length,
    accounts: cuts.map(({ accountId }) => names.get(accountId) ?? accountId),
    replayable: top.checkpoint !== undefined && cuts.every(({ begin }) => begin !== null),
    fromSeq: first?.seq ?? null,
    toSeq: records.at(-1)?.seq ?? null,
    removed: removedFrom(story, names.size),
  };
}

/** One account's part of a capture. */
interface Cut {
  readonly accountId: AccountId;
  readonly begin: AccountCheckpoint | null;
  readonly records: readonly LogRecord[];
  /** Places within it at which the state was replaced. */
  readonly replacements: readonly AccountCheckpoint[];
}

function cutsOf(source: CaptureSource, request: CaptureRequest): readonly Cut[] {
  const byAccount = new Map<AccountId, LogRecord[]>();
  for (const record of source.records) {
    const accountId = accountOf(record);
    if (accountId === null || record.boot !== source.header.boot) continue;
    if (request.accountId !== undefined && accountId !== request.accountId) continue;
    const own = byAccount.get(accountId);
    if (own === undefined) byAccount.set(accountId, [record]);
    else own.push(record);
  }
  return [...byAccount]
    .map(([accountId, own]) => cutTo(accountId, own, source, request.since))
    .filter(({ records }) => records.length > 0);
}

function cutTo(
  accountId: AccountId,
  records: readonly LogRecord[],
  source: CaptureSource,
  since: CaptureRequest["since"],
): Cut {
  const sinceMs = since === "healthy" ? troubleBeganMs(records) : source.nowMs - since * MINUTE_MS;
  const wantedSeq = records.find(({ at }) => at >= sinceMs)?.seq ?? Number.POSITIVE_INFINITY;
  const checkpoints = source.checkpointsOf(accountId);
  const begin =
    checkpoints.findLast(({ beforeSeq }) => beforeSeq <= wantedSeq) ?? checkpoints[0] ?? null;
  const fromSeq = begin?.beforeSeq ?? wantedSeq;
  return {
    accountId,
    begin,
    records: records.filter(({ seq }) => seq >= fromSeq),
    replacements: checkpoints.filter(
      ({ beforeSeq, isReplaced }) => isReplaced && beforeSeq > fromSeq,
    ),
  };
}

type Names = ReadonlyMap<AccountId, string>;

/** A header line with the states; left out where it would be longer than a line may be. */
function checkpointField(
  cuts: readonly Pick<Cut, "accountId" | "begin">[],
  names: Names,
): { readonly checkpoint?: string } {
  const known = cuts.flatMap(({ accountId, begin }) =>
    begin === null ? [] : [[names.get(accountId) ?? accountId, begin.read()] as const],
  );
  if (known.length === 0) return {};
  const checkpoint = JSON.stringify(Object.fromEntries(known));
  return JSON.stringify(checkpoint).length > MAX_LINE_CHARACTERS - HEADER_ROOM
    ? {}
    : { checkpoint };
}
/** Enough for the other fields of a header. */
const HEADER_ROOM = 4_096;

/** The records with a header wherever an account's state was replaced and does not follow from what is before. */
function withReplacements(
  records: readonly LogRecord[],
  cuts: readonly Cut[],
  names: Names,
  header: HeaderRecord,
): readonly LogRecord[] {
  const replaced = new Map(
    cuts.flatMap(({ accountId, replacements }) =>
      replacements.map((begin) => [begin.beforeSeq, { accountId, begin }] as const),
    ),
  );
  return records.flatMap((record) => {
    const place = replaced.get(record.seq);
    if (place === undefined) return [record];
    const { at, seq } = record;
    const again = { ...header, at, seq: seq - 1, ...checkpointField([place], names) };
    return again.checkpoint === undefined ? [record] : [again, record];
  });
}

/** People name accounts after themselves; the one id that everybody has stays. */
function renamed(names: Names): (record: LogRecord) => LogRecord {
  return (record) =>
    record.kind === "log.header"
      ? record
      : { ...record, account: names.get(record.account) ?? record.account };
}

const KEYED_PSEUDONYM = /\b(user|group|newsletter|broadcast|bot|address)-[0-9a-f]{8}\b/g;

function removedFrom(records: readonly LogRecord[], accounts: number): Removed {
  const found = new Set<string>();
  for (const record of records) {
    for (const [pseudonym] of serialiseRecord(record).matchAll(KEYED_PSEUDONYM))
      found.add(pseudonym);
  }
  const count = (prefix: string): number =>
    [...found].filter((pseudonym) => pseudonym.startsWith(prefix)).length;
  const people = count("user-");
  const groups = count("group-");
  return { people, groups, others: found.size - people - groups, accounts };
}

function titleOf(since: CaptureRequest["since"]): string {
  return since === "healthy"
    ? "Captured since the connection was last lost"
    : `Captured from the last ${since} minutes`;
}
