import type { RawError } from "../events/index.ts";
import { SendFailure } from "../runtime/ports.ts";
import { rawErrorOf } from "./raw-error.ts";

interface Write {
  readonly sendId: string;
  readonly messageId: string | null;
  /** True from the moment the library may have handed a byte of it to the WebSocket. */
  left: boolean;
  fail(error: SendFailure): void;
}

/**
 * Writes under way on one socket. The library leaves some of them pending for a minute when a stream error ended the socket; here every
 * write ends with its socket, and each failure says whether something may have left.
 */
export class WriteLedger {
  readonly #writes = new Set<Write>();
  /** Message id to send id of everything this socket wrote, for acks; bounded, oldest forgotten first. */
  readonly #sendIds = new Map<string, string>();
  static readonly MAX_REMEMBERED = 2_000;

  /** Runs the write. @throws SendFailure */
  async track(sendId: string, messageId: string | null, run: () => Promise<void>): Promise<void> {
    if (messageId !== null) this.#remember(messageId, sendId);
    let fail: Write["fail"] = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      fail = reject;
    });
    // Stanzas without an id of their own (typing, read receipts) are written at once or not at all; nothing follows from repeating them.
    const write: Write = { sendId, messageId, left: false, fail };
    this.#writes.add(write);
    try {
      await Promise.race([run(), ended]);
    } catch (error) {
      if (error instanceof SendFailure) throw error;
      throw new SendFailure(write.left, rawErrorOf(error), { cause: error });
    } finally {
      this.#writes.delete(write);
    }
  }

  markLeft(messageId: string): void {
    for (const write of this.#writes) {
      if (write.messageId === messageId) write.left = true;
    }
  }

  /** The logical send behind a message id that this socket wrote. */
  sendIdOf(messageId: string): string | undefined {
    return this.#sendIds.get(messageId);
  }

  /** The socket is gone: nobody will answer any more. */
  failAll(error: RawError): void {
    for (const write of this.#writes) write.fail(new SendFailure(write.left, error));
  }

  #remember(messageId: string, sendId: string): void {
    this.#sendIds.delete(messageId);
    this.#sendIds.set(messageId, sendId);
    if (this.#sendIds.size <= WriteLedger.MAX_REMEMBERED) return;
    const [oldest] = this.#sendIds.keys();
    if (oldest !== undefined) this.#sendIds.delete(oldest);
  }
}
