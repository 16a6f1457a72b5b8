import {
  effectTable,
  type EffectRecord,
  type InputRecord,
  inputTable,
  type LogRecord,
  type RawError,
  worldTable,
} from "../events/index.ts";

interface AnyShape {
  readonly describe: string;
  check(value: unknown, path: string): unknown;
}

/** Texts of which nothing may ever leave the process, and where they usually come from. */
export const SECRETS = {
  phone: "+1 555 010-0199",
  digits: "15550100199",
  jid: "15550100199@s.whatsapp.net",
  device: "15550100199:12@s.whatsapp.net",
  lid: "200000000000199@lid",
  group: "120363000000000199@g.us",
  noiseKey: "uKJxXk3bD0mG5yQ2vZ8tWn1RfLpS6hAeCiOjT4NqBE0=",
  qr: "2@AbCdEfGh0123456789IjKl,uKJxXk3bD0mG5yQ2vZ8tWn1RfLpS6hAeCiOjT4NqBE0=",
  hex: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
  pairingCode: "pairing code: ABCD-1234",
  proxy: "http://proxy-user:proxy-pass@10.1.2.3:3128/?token=abcdef0123456789",
  email: "carol@example.com",
} as const;

/** Names and texts of messages have no mark of their own: they stay out because no field takes them. */
export const UNMARKED = { name: "Carol Sample", body: "meet me at the old pier at noon" } as const;

const HOSTILE = Object.values(SECRETS).join(" ");
const HOSTILE_ERROR = {
  name: `Error ${SECRETS.jid}`,
  message: HOSTILE,
  statusCode: 408,
  errorCode: `E${SECRETS.digits}`,
  syscall: SECRETS.jid,
  via: SECRETS.proxy,
  tag: SECRETS.lid,
  attrs: { from: SECRETS.jid, code: SECRETS.digits, [SECRETS.device]: SECRETS.noiseKey },
  errors: [{ name: "Error", message: HOSTILE, stack: UNMARKED.body }],
  // What libraries hang on an error, and no field takes.
  data: { creds: SECRETS.noiseKey, body: UNMARKED.body },
  stack: `Error: ${UNMARKED.body}\n at /home/carol/x.ts`,
} as unknown as RawError;

/** Values tried in this order: the first one that a field takes is used. */
const CANDIDATES: readonly unknown[] = [
  HOSTILE,
  { pn: SECRETS.jid, lid: SECRETS.lid },
  HOSTILE_ERROR,
  1,
  true,
];

/** One record of each kind, with the worst that its fields take and fields that no kind has. */
export function hostileRecords(boot: string): LogRecord[] {
  let seq = 0;
  const records: LogRecord[] = [];
  for (const [dir, table] of Object.entries({
    in: inputTable,
    out: effectTable,
    world: worldTable,
  })) {
    for (const [kind, fields] of Object.entries(table)) {
      seq += 1;
      const record: Record<string, unknown> = {
        boot,
        seq,
        at: seq,
        account: "default",
        dir,
        kind,
        ...(dir === "out" ? { cause: seq - 1, rule: "test/rule" } : {}),
        source: HOSTILE,
        text: UNMARKED.body,
        body: UNMARKED.body,
        pushName: UNMARKED.name,
        key: SECRETS.noiseKey,
        qr: SECRETS.qr,
        raw: { message: UNMARKED.body },
      };
      for (const [name, shape] of Object.entries(fields)) record[name] = worstFor(shape);
      records.push(record as unknown as LogRecord);
    }
  }
  return records;
}

function worstFor(shape: AnyShape): unknown {
  const choice = /^one of ([\w-]+)/.exec(shape.describe)?.[1];
  for (const candidate of [...CANDIDATES, choice]) {
    // Extra fields of an error would not fit its shape, though they come along in life.
    const tried = candidate === HOSTILE_ERROR ? withoutExtras(HOSTILE_ERROR) : candidate;
    if (shape.check(tried, "") === null) return candidate;
  }
  throw new Error(`no value fits ${shape.describe}`);
}

function withoutExtras(error: RawError): unknown {
  const {
    data: _data,
    stack: _stack,
    errors,
    ...fields
  } = error as RawError & {
    data?: unknown;
    stack?: unknown;
  };
  return errors === undefined ? fields : { ...fields, errors: errors.map(withoutExtras) };
}

/** A run of records such as a controller writes, for tests that need many. */
export function ordinaryRecords(boot: string, count: number): LogRecord[] {
  return Array.from({ length: count }, (_unused, index): InputRecord | EffectRecord => {
    const envelope = { boot, seq: index + 1, at: index * 10, account: "default" };
    return index % 2 === 0
      ? { ...envelope, dir: "in", kind: "ping.answered", socketId: 1, pingId: index, rttMs: 40 }
      : {
          ...envelope,
          dir: "out",
          cause: index,
          rule: "ping/send",
          kind: "ping.send",
          socketId: 1,
          pingId: index,
          probe: "transport",
        };
  });
}
