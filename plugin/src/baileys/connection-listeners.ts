import type { AuthState } from "./auth-state.ts";
import type { WASocket } from "./library.ts";
import { cutConnection } from "./raw-websocket.ts";
import { rawErrorOf, UpgradeRefused } from "./raw-error.ts";
import type { SocketSeam } from "./socket-seam.ts";

interface HttpAnswer {
  readonly statusCode?: number;
  resume(): void;
}

/** From the upgrade to the end: what happens to the connection itself and to the credentials. */
export function attachConnection(
  seam: SocketSeam,
  parts: {
    readonly auth: AuthState;
    /** The library's close, with the error it gives. */
    onClose(error: unknown): void;
    /** The library began to end the socket and waits for the server's close frame. */
    onEnd(): void;
  },
): void {
  const { sock, socketId, report } = seam;
  let qrCodes = 0;

  sock.ws.on("open", () => report({ kind: "socket.upgraded", socketId }));
  // The library subscribes to this event of `ws` and does nothing with it, which switches off `ws`'s own abort: without this
  // listener an HTTP 503 at the upgrade is silence for ever (OpenWA #1546).
  sock.ws.on("unexpected-response", (_request: unknown, response: HttpAnswer) => {
    response.resume();
    endNow(seam, new UpgradeRefused(response.statusCode ?? 0));
  });

  const close = sock.ws.close.bind(sock.ws);
  sock.ws.close = () => {
    stopIntake(sock);
    parts.onEnd();
    return close();
  };
  // Runs before the close event and before the library throws its event buffer away, with messages in it whose receipts have
  // already left.
  sock.registerSocketEndHandler(() => {
    stopIntake(sock);
    sock.ev.flush();
  });

  sock.ev.on("connection.update", (update) => {
    if (update.qr !== undefined && update.qr !== "") {
      qrCodes += 1;
      report({ kind: "qr.offered", socketId, index: qrCodes });
      seam.listener.onQr(update.qr);
    }
    if (update.isNewLogin === true) {
      seam.listener.onSelf(seam.self());
      report({ kind: "socket.paired", socketId, self: seam.self() });
    }
    if (update.connection === "open") reportOpen(seam);
    if (update.connection === "close") parts.onClose(update.lastDisconnect?.error);
  });
  attachCredentials(seam, parts.auth);
}

function reportOpen(seam: SocketSeam): void {
  const self = seam.self();
  seam.listener.onSelf(self);
  if (self.pn !== null && self.lid !== null) {
    seam.report({ kind: "identity.mapped", pn: self.pn, lid: self.lid });
  }
  seam.report({ kind: "socket.opened", socketId: seam.socketId, self });
}

/** Saves are frequent and unremarkable; the first one, a failure and the end of failures are not. */
function attachCredentials(seam: SocketSeam, auth: AuthState): void {
  let lastState: "saved" | "save-failed" | null = null;
  seam.sock.ev.on("creds.update", () => {
    auth.save().then(
      () => {
        if (lastState === "saved") return;
        lastState = "saved";
        seam.report({ kind: "credentials.changed", state: "saved" });
      },
      (error: unknown) => {
        lastState = "save-failed";
        seam.report({
          kind: "credentials.changed",
          state: "save-failed",
          error: rawErrorOf(error),
        });
      },
    );
  });
}

/**
 * Frames that had arrived are still worked off after the end began. A message among them would be decrypted, its receipt would fail, and
 * its redelivery would die as "Key used already": unread, it simply comes again on the next socket. Other handlers reject without anybody
 * listening, which ends a process that does not expect it.
 */
function stopIntake(sock: WASocket): void {
  for (const name of sock.ws.eventNames()) {
    if (typeof name === "string" && name.startsWith("CB:")) sock.ws.removeAllListeners(name);
  }
}

function endNow(seam: SocketSeam, error: Error): void {
  seam.sock.end(error).catch((failure: unknown) => {
    seam.report({
      kind: "fault.raised",
      origin: "listener",
      socketId: seam.socketId,
      error: rawErrorOf(failure),
    });
  });
  cutConnection(seam.sock);
}
