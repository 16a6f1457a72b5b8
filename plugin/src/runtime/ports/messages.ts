import type { SocketId } from "../../events/index.ts";

/** A WhatsApp address as it is on the wire: `<number>@s.whatsapp.net`, `<id>@lid`, `<id>@g.us`. */
export type Jid = string;

/** The account's own addresses without device suffix; raw counterpart of {@link SelfIdentity}. */
export interface SelfAddress {
  readonly pn: Jid | null;
  readonly lid: Jid | null;
}

/** What the phone is asked with: it answers with messages that were written before this one. */
export interface HistoryAnchor {
  readonly messageId: string;
  readonly fromMe: boolean;
  readonly sentAtMs: number | null;
}

export interface HistoryRequest {
  readonly requestId: string;
  /** In one of its forms. */
  readonly chat: Jid;
  /** The form to ask in, where both are known; null for groups. */
  readonly addressing: "lid" | "pn" | null;
  readonly anchor: HistoryAnchor;
  readonly messages: number;
}

/** One answer of the phone about one chat. */
export interface HistoryPage {
  readonly socketId: SocketId;
  /** Null when this socket did not ask: a phone that was off answers later. */
  readonly requestId: string | null;
  /** As the phone addresses it, which need not be the form that was asked for. */
  readonly chat: Jid;
  /** How many messages the page had, those included that nobody wrote. */
  readonly total: number;
  /** Oldest first. */
  readonly messages: readonly IncomingMessage[];
  readonly oldest: HistoryAnchor | null;
  /** The phone has nothing older. */
  readonly endOfHistory: boolean;
}

/** Text forms of a message that reaches the agent; media and the rest arrive as `other` with a label. */
export type IncomingContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "media"; readonly media: string; readonly caption: string | null }
  | { readonly type: "reaction"; readonly emoji: string; readonly targetMessageId: string }
  /** `text`: what can be said of it in words, e.g. a place or the options of a poll. */
  | { readonly type: "other"; readonly label: string; readonly text?: string }
  /** Protocol, peer and key distribution messages: never for the agent. */
  | { readonly type: "protocol"; readonly label: string };

/** One message from WhatsApp in the plugin's own terms, independent of Baileys. */
export interface IncomingMessage {
  readonly socketId: SocketId;
  readonly messageId: string;
  /** Chat as addressed on the wire, and its other address form where the stanza gave one. */
  readonly chat: Jid;
  readonly chatAlternate: Jid | null;
  readonly chatKind: "direct" | "group" | "self" | "status" | "other";
  /** Author; in a direct chat the same as `chat` (or ourselves when `fromMe`). */
  readonly sender: Jid;
  readonly senderAlternate: Jid | null;
  readonly fromMe: boolean;
  readonly pushName: string | null;
  /** Milliseconds since the epoch as stated by the message, null when missing or unusable. */
  readonly sentAtMs: number | null;
  readonly via: "live" | "offline" | "history" | "decrypt-buffer";
  readonly content: IncomingContent;
  readonly mentions: readonly Jid[];
  readonly quoted: {
    readonly messageId: string;
    readonly sender: Jid | null;
    readonly text: string | null;
  } | null;
  /** The library's own serialised message, kept for quoting and read receipts; opaque above `baileys/`. */
  readonly raw: string;
}

/** What can be written to WhatsApp in this plugin's own terms. */
export type OutgoingContent =
  | {
      readonly operation: "text";
      readonly text: string;
      readonly quotedRaw: string | null;
      readonly mentions: readonly Jid[];
    }
  | {
      readonly operation: "media";
      /** Absolute. Custody copies the file, so it may be removed once the send was taken. */
      readonly path: string;
      readonly mimeType: string;
      readonly caption: string | null;
      readonly fileName: string | null;
      readonly voice: boolean;
      readonly quotedRaw: string | null;
      /** How it is shown, where that does not follow from the MIME type. */
      readonly shownAs?: "document" | "gif";
      /** People named in the caption. */
      readonly mentions?: readonly Jid[];
    }
  | {
      readonly operation: "reaction";
      /** The message of somebody else; null when it is named by its id. */
      readonly targetRaw: string | null;
      readonly targetMessageId?: string;
      /** Who wrote the message that is named by its id; absent for one of our own. */
      readonly targetAuthor?: Jid;
      /** Empty takes the reaction back. */
      readonly emoji: string;
    }
  /** Both name a message of our own in the same chat by its WhatsApp id; it may still be in custody. */
  | { readonly operation: "edit"; readonly targetMessageId: string; readonly text: string }
  | { readonly operation: "delete"; readonly targetMessageId: string }
  | {
      readonly operation: "poll";
      readonly question: string;
      readonly options: readonly string[];
      readonly maxSelections: number;
    }
  | { readonly operation: "typing"; readonly state: "composing" | "paused" }
  | { readonly operation: "read-receipt"; readonly raw: readonly string[] }
  /** Asks for the chat's subject and members; the answer comes with the outcome. */
  | { readonly operation: "group-query" };

export interface GroupInfo {
  readonly chat: Jid;
  readonly subject: string;
  readonly addressing: "lid" | "pn";
  readonly participants: readonly {
    readonly jid: Jid;
    readonly alternate: Jid | null;
    readonly admin: boolean;
  }[];
}
