import type { WASocket } from "./library.ts";

/**
 * After an ack with error 479 (a stale device session): asks the server which devices the recipients have now and for new sessions with all of
 * them. Devices of our own are included, their sessions may be the stale ones. That this heals is an assumption about the real servers;
 * the simulated one accepts it.
 */
export async function renewRecipients(
  sock: WASocket,
  to: string,
  participants: readonly string[],
): Promise<void> {
  const own = sock.user?.lid ?? sock.user?.id;
  const people = [...(participants.length === 0 ? [to] : participants)];
  const wanted = own === undefined ? people : [...people, own];
  const devices = await sock.getUSyncDevices(wanted, false, false);
  const me = new Set([sock.user?.id, sock.user?.lid]);
  const others = devices.map(({ jid }) => jid).filter((jid) => !me.has(jid));
  if (others.length > 0) await sock.assertSessions(others, true);
}
