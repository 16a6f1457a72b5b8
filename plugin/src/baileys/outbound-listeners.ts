import type { Journal } from "../runtime/ports.ts";
import type { BinaryNode } from "./library.ts";
import type { SocketSeam } from "./socket-seam.ts";
import type { WriteLedger } from "./write-ledger.ts";

/**
 * What the server and the other side say about messages we sent. Read from the stanzas themselves: rc14 has no event for an ack, shows an early
 * error ack in `messages.upsert` and a late one in `messages.update`, and merges an early receipt into the former.
 */
export function attachOutbound(
  seam: SocketSeam,
  parts: {
    readonly writes: WriteLedger;
    readonly journal: Pick<Journal, "custodyByMessageId">;
  },
): void {
  const { sock, socketId, report } = seam;
  /** Written on this socket, or on an earlier one and found in the journal. */
  const sendIdOf = (messageId: string): string | undefined =>
    parts.writes.sendIdOf(messageId) ?? parts.journal.custodyByMessageId(messageId)?.sendId;

  sock.ws.on("CB:ack,class:message", ({ attrs }: BinaryNode) => {
    const sendId = attrs["id"] === undefined ? undefined : sendIdOf(attrs["id"]);
    if (sendId === undefined) return;
    const errorCode = attrs["error"];
    report({
      kind: "send.acked",
      sendId,
      socketId,
      ...(errorCode === undefined ? {} : { errorCode }),
    });
  });

  sock.ws.on("CB:receipt", (node: BinaryNode) => {
    const receipt = receiptKind(node.attrs["type"]);
    if (receipt === null) return;
    for (const messageId of receiptedIds(node)) {
      const sendId = sendIdOf(messageId);
      if (sendId !== undefined) report({ kind: "send.receipted", sendId, receipt });
    }
  });
}

/** `sender` comes from our own phone, `peer_msg` and `hist_sync` concern no message of a person. */
function receiptKind(type: string | undefined): "delivery" | "read" | "played" | "retry" | null {
  switch (type) {
    case undefined:
    case "inactive":
      return "delivery";
    case "read":
    case "read-self":
      return "read";
    case "played":
    case "played-self":
      return "played";
    case "retry":
      return "retry";
    default:
      return null;
  }
}

/** One id in the attributes, further ones in `<list><item id/></list>`. */
function receiptedIds(node: BinaryNode): readonly string[] {
  const ids = node.attrs["id"] === undefined ? [] : [node.attrs["id"]];
  if (!Array.isArray(node.content)) return ids;
  for (const list of node.content) {
    if (list.tag !== "list" || !Array.isArray(list.content)) continue;
    for (const item of list.content) {
      if (item.attrs["id"] !== undefined) ids.push(item.attrs["id"]);
    }
  }
  return ids;
}
