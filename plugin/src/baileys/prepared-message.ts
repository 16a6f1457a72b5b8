import { type OutgoingContent, SendFailure, type WriteAttempt } from "../runtime/ports.ts";
import type { Baileys, BinaryNode, WASocket } from "./library.ts";
import type { OutgoingPlan } from "./outgoing.ts";
import { rawErrorOf } from "./raw-error.ts";

type MessagePlan = Extract<OutgoingPlan, { type: "message" }>;

/*
 * A message with random keys in it (uploaded media, the secret of a poll) is made once, kept, and written as it is in every attempt: a receiver
 * that got the first copy and one that asks for it again see the same message, and no byte is uploaded twice.
 */

export function isPreparedOnce(content: OutgoingContent): boolean {
  return content.operation === "media" || content.operation === "poll";
}

/**
 * Writes such a message, as `sendMessage` of the library would.
 *
 * @throws SendFailure before anything left when the message could not be made, else what the library throws
 */
export async function writePrepared(
  { baileys, sock }: { readonly baileys: Baileys; readonly sock: WASocket },
  to: string,
  plan: MessagePlan,
  messageId: string,
  attempt: Pick<WriteAttempt, "prepared" | "onPrepared">,
): Promise<void> {
  const bytes = attempt.prepared ?? (await prepare(baileys, sock, to, plan));
  if (attempt.prepared === null) attempt.onPrepared(bytes);
  await sock.relayMessage(to, baileys.proto.Message.decode(bytes), {
    messageId,
    additionalNodes: "poll" in plan.content ? POLL_NODES : [],
  });
}

/** What `sendMessage` adds to a poll's stanza (rc14). */
const POLL_NODES: BinaryNode[] = [{ tag: "meta", attrs: { polltype: "creation" } }];

async function prepare(
  baileys: Baileys,
  sock: WASocket,
  to: string,
  plan: MessagePlan,
): Promise<Uint8Array> {
  try {
    const { message } = await baileys.generateWAMessage(to, plan.content, {
      ...plan.options,
      userJid: sock.user?.id ?? "",
      upload: sock.waUploadToServer,
    });
    if (!message) throw new Error("the library made no message of it");
    return baileys.proto.Message.encode(baileys.proto.Message.fromObject(message)).finish();
  } catch (error) {
    throw new SendFailure(false, { ...rawErrorOf(error), name: nameOf(error) }, { cause: error });
  }
}

/** A file that is gone stays so; everything else was between us and WhatsApp's media servers. */
function nameOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOENT" || code === "EACCES" ? "MediaUnreadable" : "UploadFailed";
}
