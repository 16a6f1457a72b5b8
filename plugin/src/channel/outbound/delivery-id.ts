import { createHash, randomUUID } from "node:crypto";

/*
 * Ids of logical sends. The gateway's delivery queue keeps one id per delivery over restarts and counts the messages of each payload; a
 * delivery may hold several payloads, which it does not number, so the text tells them apart. The same message of the same delivery
 * always gets the same id, and by it the same WhatsApp message id, however often it is tried.
 */

export interface DeliveryPart {
  readonly queueId: string | undefined;
  readonly index: number;
  readonly count: number;
  readonly text: string;
}

export function sendIdOf(part: DeliveryPart): string {
  // Outside the queue nobody will ask again, so the id only has to be new.
  if (part.queueId === undefined) return `direct/${randomUUID()}`;
  const digest = createHash("sha256").update(part.text).digest("hex").slice(0, 12);
  return `${deliveryPrefix(part.queueId)}${part.index}-of-${part.count}-${digest}`;
}

/** What all send ids of one delivery begin with. */
export function deliveryPrefix(queueId: string): string {
  return `queue/${queueId}/`;
}

/** Number of messages of a payload as its send id states it, null for an id that is not of the queue. */
export function partCountOf(sendId: string): number | null {
  const count = /-of-(\d+)-[0-9a-f]+$/.exec(sendId)?.[1];
  return count === undefined ? null : Number(count);
}
