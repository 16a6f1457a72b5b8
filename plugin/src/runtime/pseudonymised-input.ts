import type { Input } from "../events/index.ts";
import type { Pseudonymiser, SocketInput } from "./ports.ts";

/** A socket's fact as it may reach the core and a record: addresses as pseudonyms, foreign texts scrubbed. */
export function pseudonymisedInput(input: SocketInput, pseudonyms: Pseudonymiser): Input {
  switch (input.kind) {
    case "socket.paired":
    case "socket.opened":
      return { ...input, self: pseudonyms.self(input.self) };
    case "socket.closed":
      return { ...input, error: input.error === null ? null : pseudonyms.error(input.error) };
    case "ping.failed":
    case "fault.raised":
      return { ...input, error: pseudonyms.error(input.error) };
    case "keepalive.written":
    case "credentials.changed":
      return input.error === undefined ? input : { ...input, error: pseudonyms.error(input.error) };
    case "message.orphaned":
      return { ...input, chat: input.chat === null ? null : pseudonyms.address(input.chat) };
    case "identity.mapped": {
      // The two forms of our own address stay apart, as in `socket.opened`.
      const self = pseudonyms.self({ pn: input.pn, lid: input.lid });
      return { ...input, pn: self.pn ?? "", lid: self.lid ?? "" };
    }
    case "socket.upgraded":
    case "qr.offered":
    case "ping.answered":
    case "liveness.sampled":
    case "drain.previewed":
    case "stanza.received":
    case "stanza.receipted":
    case "drain.ended":
    case "message.skipped":
    case "send.acked":
    case "send.receipted":
      return input;
  }
}
