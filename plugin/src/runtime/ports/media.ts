/*
 * Files that people send lie encrypted on WhatsApp's media servers, under links that expire. They are fetched when an agent is about to see them;
 * a link that has expired is renewed by the phone, when it is on.
 */

/** A file as its sender had it, decrypted and checked. */
export interface ReceivedFile {
  readonly bytes: Buffer;
  readonly mimeType: string | null;
  readonly fileName: string | null;
}

export interface DownloadLimits {
  /** Of the decrypted file. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** WhatsApp's media servers. */
export interface MediaSource {
  /**
   * Fetches, checks and decrypts the file of a message in its serialised form.
   *
   * @throws {MediaUnavailable}
   */
  download(raw: string, limits: DownloadLimits): Promise<ReceivedFile>;
}

export type DownloadProblem =
  | "no-file"
  | "too-large"
  | "expired"
  | "damaged"
  | "refused"
  | "unreachable"
  | "not-in-time"
  | "too-many";

const SENTENCES: Readonly<Record<DownloadProblem, string>> = {
  "no-file": "the message names no file",
  "too-large": "it is larger than channels.whatsapp.mediaMaxMb allows",
  expired: "its link has expired and the phone did not upload it again",
  damaged: "what the media server gave is not what was sent",
  refused: "WhatsApp's media server refused it",
  unreachable: "WhatsApp's media server could not be reached",
  "not-in-time": "it did not come in time",
  "too-many": "too many files are being fetched",
};

/** A file that the agent has to do without. The message's sentence goes to the agent and the log: no address, no name. */
export class MediaUnavailable extends Error {
  readonly problem: DownloadProblem;
  constructor(problem: DownloadProblem, options?: ErrorOptions) {
    super(SENTENCES[problem], options);
    this.name = "MediaUnavailable";
    this.problem = problem;
  }
}
