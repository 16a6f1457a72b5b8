import type { Clock, GroupInfo } from "../runtime/ports.ts";
import type { GroupMetadata, WASocket } from "./library.ts";

const MAX_GROUPS = 500;
const MAX_AGE_MS = 5 * 60 * 1000;

/** Group metadata of one socket, so that a message to a group does not cost a query each time. Forgets what the server says changed. */
export class GroupCache {
  readonly #clock: Clock;
  readonly #groups = new Map<string, { readonly metadata: GroupMetadata; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(chat: string): GroupMetadata | undefined {
    const entry = this.#groups.get(chat);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonicMs() - entry.at <= MAX_AGE_MS) return entry.metadata;
    this.#groups.delete(chat);
    return undefined;
  }

  set(metadata: GroupMetadata): void {
    this.#groups.delete(metadata.id);
    this.#groups.set(metadata.id, { metadata, at: this.#clock.monotonicMs() });
    if (this.#groups.size <= MAX_GROUPS) return;
    const [oldest] = this.#groups.keys();
    if (oldest !== undefined) this.#groups.delete(oldest);
  }

  /** Listens for changes; ends with the socket's listeners. */
  follow(sock: WASocket): void {
    sock.ev.on("groups.update", (updates) => {
      for (const update of updates) if (update.id !== undefined) this.#groups.delete(update.id);
    });
    sock.ev.on("group-participants.update", ({ id }) => this.#groups.delete(id));
  }
}

/** The library's metadata in our terms. */
export function toGroupInfo(metadata: GroupMetadata): GroupInfo {
  const participants = metadata.participants.map((participant) => {
    const jid = participant.id;
    const alternate = jid.endsWith("@lid") ? participant.phoneNumber : participant.lid;
    return { jid, alternate: alternate ?? null, admin: (participant.admin ?? null) !== null };
  });
  return {
    chat: metadata.id,
    subject: metadata.subject,
    addressing: metadata.addressingMode === "lid" ? "lid" : "pn",
    participants,
  };
}
