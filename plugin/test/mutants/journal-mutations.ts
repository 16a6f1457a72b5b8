import type { Mutation } from "./mutations.ts";

const DRAIN = ["src/core/drain.test.ts"];
const INBOUND = ["src/journal/inbound.test.ts"];
const FILE = ["src/journal/journal-file.test.ts"];
const FAULT = ["src/journal/journal-fault.test.ts"];
const DECRYPTION = ["test/baileys/durable-decryption.test.ts"];
const STATES = ["test/baileys/inbound-states.test.ts"];

/** Every protection of a message between the wire and its end state. */
export const JOURNAL_MUTATIONS: readonly Mutation[] = [
  {
    name: "a ledger waits for what the end marker overtook",
    file: "src/core/drain.ts",
    from: "if (hasBecomeMessages(ledger)) {",
    to: "if (ledger !== null) {",
    tests: DRAIN,
  },
  {
    name: "a stanza of which nothing ever comes is visible",
    file: "src/core/drain.ts",
    from: 'else if (ledger.phase === "settling") closeLedger(draft, "drain/unaccounted", "timed-out");',
    to: "",
    tests: DRAIN,
  },
  {
    name: "a message that comes again is known",
    file: "src/journal/inbound.ts",
    from: "if (twin !== undefined) {",
    to: 'if (twin !== undefined && message.via === "history") {',
    tests: INBOUND,
  },
  {
    name: "two copies under two addresses of one person become one",
    file: "src/journal/journal-store.ts",
    from: "this.inbound.settleTwins(pn, lid, nowMs);",
    to: "",
    tests: INBOUND,
  },
  {
    name: "a member of a group cannot suppress another one's message",
    file: "src/journal/inbound.ts",
    from: 'return this.#addresses.compare(row.sender, given.sender) !== "different";',
    to: "return true;",
    tests: INBOUND,
  },
  {
    name: "a message only moves forward",
    file: "src/journal/inbound.ts",
    from: ".find((found) => RANK[found.state] < RANK[state])",
    to: ".find(() => true)",
    tests: INBOUND,
  },
  {
    name: "a turn that the gateway took over is not begun again",
    file: "src/journal/inbound.ts",
    from: "state <> 'settled' AND state <> 'adopted' ORDER BY",
    to: "state <> 'settled' ORDER BY",
    tests: INBOUND,
  },
  {
    name: "a clock of the future does not move the mark of what is safe",
    file: "src/journal/high-water.ts",
    from: "Math.min(message.sentAtMs ?? nowMs, nowMs)",
    to: "(message.sentAtMs ?? nowMs)",
    tests: INBOUND,
  },
  {
    name: "an older folder is closed to others",
    file: "src/journal/journal-file.ts",
    from: "chmodSync(dirname(path), 0o700);",
    to: "",
    tests: FILE,
  },
  {
    name: "another number gets a journal of its own",
    file: "src/journal/journal-vault.ts",
    from: "const isAnother = file.store.belongsToAnother(this.#owner);",
    to: "const isAnother = false;",
    tests: FILE,
  },
  {
    name: "a logout removes what was set aside too",
    file: "src/journal/journal-vault.ts",
    from: "for (const old of quarantined(this.#options.path)) removeDatabase(old.path);",
    to: "",
    tests: FILE,
  },
  {
    name: "the text of a settled message goes with its retention",
    file: "src/journal/retention.ts",
    from: 'changed += purgeTexts(sql, "AND state_at_ms < ?", textBefore);',
    to: "",
    tests: FILE,
  },
  {
    name: "journal.survives takes effect at once",
    file: "src/journal/journal-vault.ts",
    from: 'this.#quietly(() => setDurability(file.store.sql, settings.survives ?? "process-crash"));',
    to: "",
    tests: FILE,
  },
  {
    name: "a database of a newer version is left as it is",
    file: "src/journal/schema.ts",
    from: "if (version > steps.length) throw new NewerSchemaError(version, steps.length);",
    to: "",
    tests: FILE,
  },
  {
    name: "damage of an unclean end is found before anything relies on it",
    file: "src/journal/journal-file.ts",
    from: 'if (verdict !== "ok") throw new CorruptJournalError();',
    to: "void verdict;",
    tests: FAULT,
  },
  {
    name: "what is readable of a damaged journal is taken over",
    file: "src/journal/journal-vault.ts",
    from: 'const salvaged = reason === "corrupt" ? file.store.mergeFrom(salvage(aside)) : 0;',
    to: "const salvaged = 0; void [aside, salvage];",
    tests: FAULT,
  },
  {
    name: "what was kept in memory is written when the file is back",
    file: "src/journal/journal-vault.ts",
    from: "this.#spill?.mergeInto(file.store);",
    to: "",
    tests: FAULT,
  },
  {
    name: "a journal that was moved away is brought back",
    file: "src/journal/journal-vault.ts",
    from: "if (!file.isInPlace()) {",
    to: "if (file === null) {",
    tests: FAULT,
  },
  {
    name: "a plaintext is safe before the ratchet is",
    file: "src/baileys/durable-decryption.ts",
    from: "this.#memory.storePlaintext({ ciphertextHash, plaintext, ...facts });",
    to: "",
    tests: DECRYPTION,
  },
  {
    name: "a redelivered stanza is read from what was stored",
    file: "src/baileys/durable-decryption.ts",
    from: 'if (known !== null && known !== "handed-over") return Buffer.from(known.plaintext);',
    to: "void known;",
    tests: DECRYPTION,
  },
  {
    name: "what was decrypted and not handed over is handed over at the next opening",
    file: "src/baileys/durable-decryption.ts",
    from: 'if (connection === "open") this.#injectPending(seam);',
    to: "void connection;",
    tests: DECRYPTION,
  },
  {
    name: "a status post that nobody can read is not refused",
    file: "src/baileys/durable-decryption.ts",
    from: "if (facts.chat === STATUS_CHAT) return decrypt().catch(() => EMPTY_MESSAGE);",
    to: "",
    tests: STATES,
  },
  {
    name: "a message that the library refuses to look at is an orphan",
    file: "src/baileys/inbound-listeners.ts",
    from: "if (id === undefined || from === undefined || !isBotMessage(node)) return;",
    to: "if (id === undefined || from === undefined || isBotMessage(node)) return;",
    tests: STATES,
  },
  {
    name: "a key whose replacement was killed is put in its place",
    file: "src/baileys/credential-files.ts",
    from: "const isAlone = name.startsWith(NEXT_PREFIX) && !entries.includes(key);",
    to: "const isAlone = false;",
    tests: ["test/baileys/credentials.test.ts"],
  },
  {
    name: "the agent is not asked about an edit, a deletion or a vote",
    file: "src/channel/inbound/message-text.ts",
    from: "if (ABOUT_ANOTHER_MESSAGE.has(content.label)) return null;",
    to: "",
    tests: ["src/channel/inbound/message-text.test.ts"],
  },
];
