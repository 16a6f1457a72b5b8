import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { effectTable, inputTable, isPseudonym, parseLog, worldTable } from "../events/index.ts";
import { createDiagnosticLogger } from "./diagnostics.ts";
import { hostileRecords, SECRETS, UNMARKED } from "./every-kind.test-support.ts";
import { createInstallPseudonyms } from "./install-pseudonyms.ts";
import { BOOT, recorderRig, type RecorderRig } from "./recorder.test-support.ts";

/** Everything of the recorder that a person, a disk or another program can see. */
function everythingSaid(rig: RecorderRig): string {
  const capture = rig.recorder.capture({ since: 60 });
  const read = rig.recorder.read({ limit: 1_000 });
  rig.clock.advance(60_000);
  return [
    JSON.stringify(rig.lines),
    JSON.stringify(rig.batches),
    JSON.stringify(read),
    JSON.stringify(rig.recorder.status()),
    capture.text,
    rig.spooled(),
  ].join("\n");
}

/** Substrings that would give a secret away, also when it was cut or regrouped. */
const TELLTALES: readonly string[] = [
  ...Object.values(SECRETS),
  ...Object.values(UNMARKED),
  "5550100199",
  "555 010",
  "010-0199",
  "200000000000199",
  "120363000000000199",
  SECRETS.noiseKey.slice(0, 24),
  "proxy-user",
  "proxy-pass",
  "abcdef0123456789",
  "ABCD-1234",
  "s.whatsapp.net",
  "@lid",
  "@g.us",
  "carol",
  "old pier",
];

test.each(["lifecycle", "all", "off"] as const)(
  "nothing hostile of any kind of record leaves the process, with log.records: %s",
  (records) => {
    const rig = recorderRig();
    rig.recorder.configure("default", { records, identities: "pseudonyms" });
    const hostile = hostileRecords(BOOT);
    const kinds = [inputTable, effectTable, worldTable].flatMap((table) => Object.keys(table));
    expect(hostile.map((record) => record.kind)).toEqual(kinds);
    for (const record of hostile) rig.recorder.append(record);

    const said = everythingSaid(rig);
    for (const telltale of TELLTALES) expect(said, telltale).not.toContain(telltale);
    expect(rig.recorder.status()).toMatchObject({ refused: 0, failures: 0 });
    expect(rig.recorder.read({ limit: 1_000 }).records).toHaveLength(kinds.length);
    expect(rig.lines.length > 0).toBe(records !== "off");
    if (records === "all") expect(rig.lines).toHaveLength(kinds.length);
  },
);

test("what is left is a record of the format, with stable pseudonyms", () => {
  const rig = recorderRig();
  for (const record of hostileRecords(BOOT)) rig.recorder.append(record);
  const { records } = parseLog(rig.spooled());
  const requested = records.find((record) => record.kind === "socket.opened");
  const self = requested?.kind === "socket.opened" ? requested.self : null;
  expect(self).not.toBeNull();
  expect([self?.pn, self?.lid].every((form) => isPseudonym(form ?? ""))).toBe(true);
  expect(self?.pn).toBe(createInstallPseudonyms({ folder: rig.folder }).address(SECRETS.device));
});

test("a record of no known kind is refused and counted", () => {
  const rig = recorderRig();
  rig.recorder.append({
    boot: BOOT,
    seq: 1,
    at: 1,
    account: "a",
    dir: "in",
    kind: "no.kind",
  } as never);
  rig.recorder.append({ dir: "in" } as never);
  expect(rig.recorder.status()).toMatchObject({ refused: 2, ring: { records: 0 } });
});

test("a sink that fails keeps no other from its records", () => {
  const rig = recorderRig({
    emit: () => {
      throw new Error("nobody listens");
    },
  });
  for (const record of hostileRecords(BOOT)) rig.recorder.append(record);
  rig.recorder.close();
  expect(rig.recorder.status().failures).toBeGreaterThan(0);
  expect(rig.lines.length).toBeGreaterThan(0);
  expect(parseLog(rig.spooled()).records.length).toBeGreaterThan(50);
});

test("diagnostics keep an error's text and drop every object that hangs on the line", () => {
  const rig = recorderRig();
  const pseudonyms = createInstallPseudonyms({ folder: rig.folder });
  const logger = createDiagnosticLogger(rig.recorder.gatewayLog, pseudonyms);
  const baileys = logger.child({ account: "default", component: "baileys" });
  baileys.info({ body: UNMARKED.body }, "not loud enough");
  baileys.warn(
    { key: { remoteJid: SECRETS.jid }, creds: SECRETS.noiseKey, text: UNMARKED.body },
    `no session for ${SECRETS.device}`,
  );
  baileys.error({ err: new TypeError(`bad frame from ${SECRETS.lid}`), node: UNMARKED }, "decrypt");
  logger.warn("from nowhere");
  for (let index = 0; index < 100; index += 1) baileys.warn(`prekey ${index} of ${SECRETS.phone}`);

  expect(rig.lines.slice(0, 3)).toMatchObject(
    [
      { level: "warn", message: /^baileys: no session for user-[0-9a-f]{8}$/ },
      { level: "warn", meta: { event: "diagnostic", severity: "error", errorName: "TypeError" } },
      { level: "warn", message: "library: from nowhere" },
    ].map((line) =>
      "message" in line && line.message instanceof RegExp
        ? { ...line, message: expect.stringMatching(line.message) }
        : line,
    ),
  );
  expect(rig.lines.length).toBeLessThan(10);
  const said = JSON.stringify(rig.lines);
  for (const telltale of TELLTALES) expect(said, telltale).not.toContain(telltale);
});

test("the key of the pseudonyms is private, random per installation, and in nothing that is said", () => {
  const rig = recorderRig();
  for (const record of hostileRecords(BOOT)) rig.recorder.append(record);
  const path = join(rig.folder, "pseudonym-key");
  expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
  const key = readFileSync(path);
  expect(key).toHaveLength(32);
  const said = everythingSaid(rig);
  for (const form of ["hex", "base64", "base64url", "latin1"] as const) {
    expect(said).not.toContain(key.toString(form));
  }
  expect(readdirSync(rig.folder).toSorted()).toEqual(["pseudonym-key", "records"]);

  const other = recorderRig();
  const pseudonymIn = (folder: string): string =>
    createInstallPseudonyms({ folder }).address(SECRETS.jid);
  expect(pseudonymIn(rig.folder)).toBe(pseudonymIn(rig.folder));
  expect(pseudonymIn(rig.folder)).not.toBe(pseudonymIn(other.folder));
});
