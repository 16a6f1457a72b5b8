import type { WhatsAppAccount } from "../accounts/account.ts";
import { hasCredentials } from "../accounts/auth-dir.ts";
import type { Composition } from "../composition.ts";
import type { Settings } from "../config/settings.ts";
import { detachedPort } from "./detached-port.ts";

/**
 * Removes the keys of a device and what is remembered of its messages. The gateway has stopped the account before, so the phone is not told
 * and goes on to list the device.
 */
export async function logout(
  composition: Composition,
  request: { readonly account: WhatsAppAccount; readonly settings: Settings },
): Promise<{ readonly removed: boolean; readonly sentence: string }> {
  const { account, settings } = request;
  const { accountId, authDir } = account;
  const wasLinked = hasCredentials(authDir);
  const opened = await composition.openAccount({
    accountId,
    authDir,
    settings,
    channel: detachedPort(() => undefined),
  });
  try {
    await opened.runtime.relink();
  } catch (error) {
    // In use by another process: nothing was touched.
    return { removed: false, sentence: error instanceof Error ? error.message : String(error) };
  } finally {
    await opened.close();
  }
  const sentence = wasLinked
    ? "The keys of this device are removed. Remove it on the phone too: WhatsApp, Linked devices."
    : "No device was linked.";
  return { removed: wasLinked, sentence };
}
