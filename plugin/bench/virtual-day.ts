import { inVirtualTime, startWhatsAppServer } from "fixtures/whatsapp-server";
import makeWASocket, { type AuthenticationState, type WASocket } from "@whiskeysockets/baileys";
import { quiet } from "./quiet.ts";

const HOUR_MS = 3_600_000;

/** Real time for a day of one bare Baileys client that the server restarts every hour; milliseconds. */
export async function measureVirtualDay(): Promise<{
  readonly ms: number;
  readonly reconnects: number;
}> {
  const server = await startWhatsAppServer();
  server.transcript.keep = false;
  const auth = server.world.account("bot").linkInMemory();
  const began = performance.now();
  let reconnects = 0;
  try {
    await inVirtualTime({ servers: [server], stepMs: 5_000 }, async (time) => {
      for (let hour = 0; hour < 24; hour += 1) {
        const phase = connect(server.url, auth);
        await time.until(() => phase.isOpen, 10_000);
        await time.advance(HOUR_MS);
        server.faults.set(
          "hourly",
          { stage: "open", kind: "stream-error", code: "503" },
          { times: 1 },
        );
        await time.until(() => phase.isClosed, 60_000);
        reconnects += 1;
      }
    });
  } finally {
    await server.stop();
  }
  return { ms: Math.round(performance.now() - began), reconnects };
}

function connect(url: string, auth: AuthenticationState): { isOpen: boolean; isClosed: boolean } {
  const sock: WASocket = makeWASocket({ waWebSocketUrl: url, auth, logger: quiet });
  const phase = { isOpen: false, isClosed: false };
  sock.ev.on("connection.update", ({ connection }) => {
    if (connection === "open") phase.isOpen = true;
    if (connection === "close") phase.isClosed = true;
  });
  return phase;
}
