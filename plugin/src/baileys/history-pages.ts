import { inflateSync } from "node:zlib";
import type {
  Clock,
  HistoryPage,
  HistoryRequest,
  IncomingMessage,
  Jid,
  Journal,
} from "../runtime/ports.ts";
import { intakeOf } from "./incoming-message.ts";
import type { proto, WAMessage } from "./library.ts";
import { mediaUrl } from "./media-reference.ts";
import { fetchEncrypted } from "./media-source.ts";
import { rawErrorOf } from "./raw-error.ts";
import type { SocketSeam } from "./socket-seam.ts";

/** Asks the account's phone for older messages, and hands on what it answers. */
export interface HistoryWatch {
  /** Resolves when the request was written; whether and when the phone answers is open. */
  ask(request: HistoryRequest, chat: Jid): Promise<void>;
}

export interface HistoryParts {
  readonly clock: Clock;
  readonly journal: Pick<Journal, "learnAddress">;
  /** Names the proxy, if any. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Requests of this socket that are told apart by the library's id. */
const MAX_ASKED = 100;
/** A phone sends about 50; a page beyond this is cut at its older end, from where the next request goes on. */
const MAX_PAGE = 1_000;
/** What a payload may measure, and may unfold to. */
const MAX_BYTES = 64 * 1024 * 1024;
const INFLATE = { maxOutputLength: MAX_BYTES } as const;
const DOWNLOAD_MS = 60_000;

type Notification = proto.Message.IHistorySyncNotification;

/**
 * On-demand history. The pages are read from the phone's own message: the library's event remembers what it has shown and leaves it out of a
 * repeated page, and shows chats (and with them "there is no more") once only (`event-buffer.js`). For the same reason, and so that nothing is
 * downloaded twice, the library is told not to process these pages itself.
 */
export function attachHistory(seam: SocketSeam, parts: HistoryParts): HistoryWatch {
  const { sock } = seam;
  const requestIds = new Map<string, string>();

  sock.ev.on("messages.upsert", ({ messages }) => {
    for (const message of messages) {
      const notification = onDemandPage(seam, message, requestIds);
      if (notification === null) continue;
      const requestId = requestIds.get(notification.peerDataRequestSessionId ?? "") ?? null;
      const take = (history: proto.IHistorySync): void => handOn(seam, parts, requestId, history);
      try {
        const inline = notification.initialHistBootstrapInlinePayload;
        if (inline === null || inline === undefined || inline.length === 0) {
          download(seam, notification, parts.env)
            .then((payload) => take(decode(seam, payload)))
            .catch(fail);
        } else {
          take(decode(seam, inline));
        }
      } catch (error) {
        fail(error);
      }
    }
  });
  // The phone's link is gone, or the payload damaged: the request ends like one that was not answered.
  const fail = (error: unknown): void => {
    const { socketId } = seam;
    seam.report({ kind: "fault.raised", origin: "effect", socketId, error: rawErrorOf(error) });
  };

  return {
    async ask({ requestId, anchor, messages }, chat) {
      const key = { id: anchor.messageId, remoteJid: chat, fromMe: anchor.fromMe };
      // Seconds, although the field is called "Ms" (whatsmeow 54650307; WhiskeySockets/Baileys#2452).
      const seconds = Math.floor((anchor.sentAtMs ?? parts.clock.wallMs()) / 1_000);
      const sessionId = await sock.fetchMessageHistory(messages, key, seconds);
      requestIds.set(sessionId, requestId);
      if (requestIds.size <= MAX_ASKED) return;
      const [oldest] = requestIds.keys();
      if (oldest !== undefined) requestIds.delete(oldest);
    },
  };
}

/**
 * A large page lies on the media server. Not with the library's function: a download that breaks off ends the process there, and it unfolds
 * without a limit.
 */
async function download(
  { baileys }: SocketSeam,
  { directPath, mediaKey, fileSha256 }: Notification,
  env: HistoryParts["env"],
): Promise<Uint8Array> {
  const url = mediaUrl(directPath, null);
  if (url === null || !mediaKey?.length) throw new Error("the page of history names no payload");
  const sha256 = fileSha256?.length ? fileSha256 : null;
  const file = { url, type: "md-msg-hist", mediaKey, sha256 } as const;
  const signal = AbortSignal.timeout(DOWNLOAD_MS);
  return fetchEncrypted(baileys, file, env, { maxBytes: MAX_BYTES, signal });
}

function decode({ baileys }: SocketSeam, payload: Uint8Array): proto.IHistorySync {
  return baileys.proto.HistorySync.decode(inflateSync(payload, INFLATE));
}

/** For the library's option of the same name: these pages are read here. */
export function isOnDemand(syncType: number | null | undefined): boolean {
  return syncType === ON_DEMAND;
}

/** `HistorySyncType.ON_DEMAND`; the option is asked before the library is at hand. */
const ON_DEMAND = 6;

/** Only our own phone may send one, and a gap may come back as another type when it carries the id of a request (fazer-ai/baileys-api#383). */
function onDemandPage(
  seam: SocketSeam,
  message: WAMessage,
  requestIds: ReadonlyMap<string, string>,
): Notification | null {
  if (message.key.fromMe !== true) return null;
  const content = seam.baileys.normalizeMessageContent(message.message ?? undefined);
  const notification = content?.protocolMessage?.historySyncNotification;
  if (notification === null || notification === undefined) return null;
  const sessionId = notification.peerDataRequestSessionId ?? "";
  return isOnDemand(notification.syncType) || requestIds.has(sessionId) ? notification : null;
}

function handOn(
  seam: SocketSeam,
  { clock, journal }: HistoryParts,
  requestId: string | null,
  history: proto.IHistorySync,
): void {
  if (seam.isEnded()) return;
  const { baileys } = seam;
  const page = baileys.processHistoryMessage(history);
  for (const { pn, lid } of page.lidPnMappings) {
    journal.learnAddress(baileys.jidNormalizedUser(pn), baileys.jidNormalizedUser(lid));
  }
  for (const conversation of page.chats) {
    const chat = baileys.jidNormalizedUser(conversation.id ?? undefined);
    if (chat === "") continue;
    // Of one chat everything belongs together, whichever of its two addresses each message names.
    const messages =
      page.chats.length === 1
        ? page.messages
        : page.messages.filter(
            ({ key }) => baileys.jidNormalizedUser(key.remoteJid ?? undefined) === chat,
          );
    const endOfHistory = isEnd(seam, conversation);
    seam.listener.onHistory(pageOf(seam, clock, { requestId, chat, messages, endOfHistory }));
  }
}

function isEnd({ baileys }: SocketSeam, conversation: proto.IConversation): boolean {
  const { EndOfHistoryTransferType } = baileys.proto.Conversation;
  return (
    conversation.endOfHistoryTransferType ===
    EndOfHistoryTransferType.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY
  );
}

function pageOf(
  seam: SocketSeam,
  clock: Clock,
  page: {
    readonly requestId: string | null;
    readonly chat: Jid;
    readonly messages: readonly WAMessage[];
    readonly endOfHistory: boolean;
  },
): HistoryPage {
  // Newest first as a rule, but the order is the phone's: their own times put them right.
  const inOrder = page.messages
    .map((message) => ({ message: withAuthor(message), at: secondsOf(message) }))
    .toReversed()
    .toSorted((one, other) => one.at - other.at)
    .slice(-MAX_PAGE);
  const messages: IncomingMessage[] = [];
  for (const { message } of inOrder) {
    const intake = intakeOf(seam.baileys, message, {
      socketId: seam.socketId,
      via: "history",
      self: seam.self(),
      nowMs: clock.wallMs(),
    });
    if (intake.type === "message") messages.push(intake.message);
  }
  const oldest = inOrder[0];
  return {
    socketId: seam.socketId,
    requestId: page.requestId,
    chat: page.chat,
    total: inOrder.length,
    messages,
    oldest:
      oldest === undefined || !oldest.message.key.id
        ? null
        : {
            messageId: oldest.message.key.id,
            fromMe: oldest.message.key.fromMe === true,
            sentAtMs: oldest.at === 0 ? null : oldest.at * 1_000,
          },
    endOfHistory: page.endOfHistory && inOrder.length === page.messages.length,
  };
}

/** A stored message names its author beside the key, where the library does not look. */
function withAuthor(message: WAMessage): WAMessage {
  const { participant } = message;
  if (message.key.participant || !participant) return message;
  return { ...message, key: { ...message.key, participant } };
}

function secondsOf({ messageTimestamp }: WAMessage): number {
  const seconds = Number(messageTimestamp?.toString() ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0;
}
