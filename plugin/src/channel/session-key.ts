import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "openclaw/plugin-sdk/account-core";
import { resolveThreadSessionKeys } from "openclaw/plugin-sdk/routing";

/** Two accounts in one group have sessions of their own; the key is the official plugin's, so sessions live on. */
export function groupSessionKey(sessionKey: string, accountId: string | undefined): string {
  const account = normalizeAccountId(accountId);
  if (account === DEFAULT_ACCOUNT_ID || !sessionKey.includes(":group:")) return sessionKey;
  return resolveThreadSessionKeys({
    baseSessionKey: sessionKey,
    threadId: `whatsapp-account-${account}`,
  }).sessionKey;
}
