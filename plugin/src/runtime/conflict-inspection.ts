import type { Input, SocketId } from "../events/index.ts";
import type { OwnerLease } from "./owner-lease.ts";
import type { CredentialStore, Pseudonymiser, Timers } from "./ports.ts";
import type { SocketPool } from "./socket-pool.ts";

/** The account does nothing else meanwhile, so an answer has to come. */
const INSPECTION_LIMIT_MS = 5_000;

type Finding = Omit<Extract<Input, { kind: "conflict.inspected" }>, "kind">;
const EXTERNAL: Finding = { finding: "external", socketId: null };

export interface InspectionSources {
  readonly authDir: string;
  readonly sockets: SocketPool;
  readonly lease: OwnerLease;
  readonly credentials: Pick<CredentialStore, "writtenBy">;
  readonly pseudonyms: Pseudonymiser;
  readonly timers: Timers;
  post(input: Input): void;
}

/**
 * Who took the stream over? First ourselves: another socket of this account, or one of this process that no controller knows any more.
 * Then a process of this machine: one that has taken the owner lock although we hold it, or that writes the credentials we work with.
 * Whatever cannot be known is somebody elsewhere.
 */
export class ConflictInspection {
  readonly #sources: InspectionSources;

  constructor(sources: InspectionSources) {
    this.#sources = sources;
  }

  /** Answered by `conflict.inspected`, within five seconds. */
  inspect(replaced: SocketId): void {
    const { sockets } = this.#sources;
    const [own] = sockets.ids().filter((other) => other !== replaced);
    if (own !== undefined) return this.#answer({ finding: "own-socket", socketId: own });
    if (sockets.endStrays("superseded") > 0) {
      return this.#answer({ finding: "own-socket", socketId: null });
    }
    void this.#inspectProcesses();
  }

  #answer(finding: Finding): void {
    this.#sources.post({ kind: "conflict.inspected", ...finding });
  }

  /** Never rejects: what cannot be looked up is recorded, and the conflict counts as external. */
  async #inspectProcesses(): Promise<void> {
    let cancel: () => void = () => undefined;
    const limit = new Promise<Finding>((_, reject) => {
      cancel = this.#sources.timers.start(INSPECTION_LIMIT_MS, () => {
        reject(
          new Error(`The owner lock could not be looked at within ${INSPECTION_LIMIT_MS} ms.`),
        );
      });
    });
    try {
      this.#answer(await Promise.race([this.#otherProcess(), limit]));
    } catch (error) {
      const { post, pseudonyms } = this.#sources;
      const message = error instanceof Error ? error.message : String(error);
      post({
        kind: "fault.raised",
        origin: "effect",
        socketId: null,
        error: pseudonyms.error({ name: "OwnerLockFailed", message }),
      });
      this.#answer(EXTERNAL);
    } finally {
      cancel();
    }
  }

  async #otherProcess(): Promise<Finding> {
    const { lease, credentials, authDir, pseudonyms } = this.#sources;
    const found = (holder: string, holdsLock: boolean): Finding => ({
      finding: "other-process",
      socketId: null,
      holder: pseudonyms.text(holder),
      holdsLock,
    });
    const owner = await lease.otherOwner();
    if (owner !== null) return found(owner, true);
    const writer = await credentials.writtenBy(authDir);
    return writer === null ? EXTERNAL : found(writer, false);
  }
}
