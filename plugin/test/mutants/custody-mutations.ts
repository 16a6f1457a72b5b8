import type { Mutation } from "./mutations.ts";

const CUSTODY = ["src/core/custody.test.ts"];
const MEDIA = ["src/journal/media-store.test.ts"];
const KILL = ["test/baileys/kill-send.test.ts"];
const LINKED = ["test/baileys/custody.test.ts"];
const MATRIX = ["test/baileys/custody-matrix.test.ts"];
const ADAPTER = ["src/channel/outbound/custody.test.ts"];

/** Every protection of a reply between its capture and the server's ack. */
export const CUSTODY_MUTATIONS: readonly Mutation[] = [
  {
    name: "an identity that is not known yet is waited for",
    file: "src/core/send-queue.ts",
    from: '    case "unknown":\n      return null;',
    to: '    case "unknown":\n      return "identity-unknown";',
    tests: CUSTODY,
  },
  {
    name: "a pair that becomes known lets what waited for it go",
    file: "src/core/sends.ts",
    from: "    dispatchHeld(draft);\n  }\n  return true;",
    to: "  }\n  return true;",
    tests: CUSTODY,
  },
  {
    name: "a number with several hidden ids proves nothing",
    file: "src/core/successor.ts",
    from: 'return isPair ? "ambiguous" : "different";',
    to: 'return isPair ? "same" : "different";',
    tests: CUSTODY,
  },
  {
    name: "nobody vouches for what was captured before a login",
    file: "src/core/send-queue.ts",
    from: 'return isCaptors ? "same" : "captor-unauthenticated";',
    to: 'return isCaptors ? "same" : "same";',
    tests: CUSTODY,
  },
  {
    name: "another number linked in place refuses what was captured",
    file: "src/core/route.ts",
    from: 'if (input.state === "foreign") sends.onForeignCredentials(draft, input.self);',
    to: "",
    tests: CUSTODY,
  },
  {
    name: "another number is noticed before the journal is resumed",
    file: "src/runtime/account-runtime.ts",
    from: '=== "different") {',
    to: '=== "ambiguous") {',
    tests: LINKED,
  },
  {
    name: "a refused id stays refused for the number after it",
    file: "src/runtime/send-custody.ts",
    from: "if (end !== null) return Promise.resolve(end);",
    to: 'if (end?.outcome === "acked") return Promise.resolve(end);',
    tests: LINKED,
  },
  {
    name: "standing in line is not waiting for a socket",
    file: "src/core/sends.ts",
    from: 'holdFor(draft, "sends/still-in-line", send, "chat-busy");',
    to: 'settle(draft, "sends/expired", send, "expired", "no-successor-in-time");',
    tests: CUSTODY,
  },
  {
    name: "who stood in line begins to wait when the link is lost",
    file: "src/core/sends.ts",
    from: '} else if (wasOpen || send.phase !== "queued") hold(draft, send);',
    to: '} else if (send.phase !== "queued") hold(draft, send);',
    tests: CUSTODY,
  },
  {
    name: "479 renews the sessions",
    file: "src/core/send-queue.ts",
    from: "...(send.renew ? { renew: true } : {}),",
    to: "",
    tests: CUSTODY,
  },
  {
    name: "479 is not answered for ever",
    file: "src/core/sends.ts",
    from: "send.renewals < LIMITS.sessionRenewals",
    to: "send.renewals >= 0",
    tests: CUSTODY,
  },
  {
    name: "the renewed sessions are asked for on the wire",
    file: "src/baileys/live-socket.ts",
    from: "if (attempt.renewSessions) await renewRecipients(live.sock, to, this.#participantsOf(to));",
    to: "",
    tests: LINKED,
  },
  {
    name: "a change of a message that was not sent is refused",
    file: "src/core/send-queue.ts",
    from: "if (isKnownUnsent) refuseDependents(draft, send);",
    to: "",
    tests: CUSTODY,
  },
  {
    name: "what may have left stays in custody when its caller goes",
    file: "src/core/sends.ts",
    from: "if (mayHaveLeft && input.final !== true)",
    to: "if (mayHaveLeft && input.final === true)",
    tests: CUSTODY,
  },
  {
    name: "a send of an earlier process may have left",
    file: "src/core/sends.ts",
    from: "left: input.left ?? false,",
    to: "left: false,",
    tests: CUSTODY,
  },
  {
    name: "an attempt is on record before its first byte",
    file: "src/runtime/send-custody.ts",
    from: "if (isStored) this.#tell(() => this.#journal.beginAttempt(sendId));",
    to: "",
    tests: KILL,
  },
  {
    name: "the room for files has an end",
    file: "src/journal/media-store.ts",
    from: "+ bytes > this.#maxBytes()",
    to: "+ bytes < 0",
    tests: MEDIA,
  },
  {
    name: "files that a crash left behind are swept",
    file: "src/journal/media-store.ts",
    from: "if (wanted.has(name) || ",
    to: "if (!wanted.has(name) || ",
    tests: MEDIA,
  },
  {
    name: "a file is kept before its send is taken",
    file: "src/runtime/send-custody.ts",
    from: "else this.#takeWith(request, { ...content, path: kept.path }, capture);",
    to: "else this.#takeWith(request, content, capture);",
    tests: MATRIX,
  },
  {
    name: "a text does not overtake the file before it",
    file: "src/runtime/send-custody.ts",
    from: "if (ahead === undefined && (",
    to: "if ((",
    tests: LINKED,
  },
  {
    name: "a message with random keys is made once",
    file: "src/baileys/prepared-message.ts",
    from: "if (attempt.prepared === null) attempt.onPrepared(bytes);",
    to: "",
    tests: LINKED,
  },
  {
    name: "only what cannot have left may be sent afresh by the gateway",
    file: "src/channel/outbound/delivery.ts",
    from: "if (left) return new Error(sentence);",
    to: "",
    tests: ADAPTER,
  },
  {
    name: "what would leave for another number is not tried again by the gateway",
    file: "src/channel/outbound/delivery.ts",
    from: "causeId === null || !FINAL_CAUSES.has(causeId)",
    to: "causeId !== undefined",
    tests: ADAPTER,
  },
  {
    name: "a message between two controllers finds its custodian",
    file: "src/channel/accounts-at-work.ts",
    from: "this.get(accountId) ?? this.#between.get(accountId) ?? null",
    to: "this.get(accountId)",
    tests: ADAPTER,
  },
  {
    name: "a delivery that the gateway retired does not arrive later",
    file: "src/channel/outbound/reconcile.ts",
    from: "account.runtime.giveUp(part.sendId);",
    to: "",
    tests: ADAPTER,
  },
];
