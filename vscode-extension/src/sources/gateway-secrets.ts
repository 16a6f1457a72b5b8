import { createHash } from "node:crypto";
import {
  createDeviceIdentity,
  type DeviceIdentity,
  keepDeviceIdentity,
  readDeviceIdentity,
} from "./device-identity.ts";
import { objectOf } from "./gateway-protocol.ts";

/** Where secrets are kept; the editor's secret storage. */
export interface SecretStore {
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/** The token that a gateway gave to this device once a person had approved it there. */
export interface DeviceGrant {
  readonly token: string;
  readonly scopes: readonly string[];
}

const IDENTITY_KEY = "whatsappContinuity.device";

/**
 * Tokens and the device's identity in the editor's secret storage. Every token belongs to one address: changing the address in the
 * settings never sends one somewhere else. What a gateway granted belongs to the token that was entered for it, too: another
 * token may mean another gateway behind the same address.
 */
export class GatewaySecrets {
  readonly #store: SecretStore;

  constructor(store: SecretStore) {
    this.#store = store;
  }

  async token(url: string): Promise<string | null> {
    return (await this.#store.get(tokenKey(url))) ?? null;
  }

  /** Null for a gateway without a token. What was granted under another token is forgotten. */
  async setToken(url: string, token: string | null): Promise<void> {
    if ((await this.token(url)) === token) return;
    await this.#store.delete(grantKey(url));
    if (token === null) await this.#store.delete(tokenKey(url));
    else await this.#store.store(tokenKey(url), token);
  }

  /** This installation's identity, made the first time it is needed. */
  async identity(): Promise<DeviceIdentity> {
    const kept = readDeviceIdentity(await this.#store.get(IDENTITY_KEY));
    if (kept !== null) return kept;
    const made = createDeviceIdentity();
    await this.#store.store(IDENTITY_KEY, keepDeviceIdentity(made));
    // Two windows may do this at once: both go on with what is kept in the end.
    return readDeviceIdentity(await this.#store.get(IDENTITY_KEY)) ?? made;
  }

  async grant(url: string, deviceId: string): Promise<DeviceGrant | null> {
    const kept = await this.#store.get(grantKey(url));
    if (kept === undefined) return null;
    const record = objectOf(parsed(kept));
    const { token, scopes } = record;
    const isOfNow =
      record["url"] === url &&
      record["deviceId"] === deviceId &&
      record["grantedUnder"] === digestOf(await this.token(url));
    if (isOfNow && typeof token === "string" && Array.isArray(scopes)) {
      return { token, scopes: scopes.filter((scope) => typeof scope === "string") };
    }
    await this.#store.delete(grantKey(url));
    return null;
  }

  /** @param token what the gateway was shown when it granted this */
  async setGrant(
    url: string,
    deviceId: string,
    token: string | null,
    grant: DeviceGrant,
  ): Promise<void> {
    const grantedUnder = digestOf(token);
    const record = { version: 1, url, deviceId, grantedUnder, ...grant };
    await this.#store.store(grantKey(url), JSON.stringify(record));
  }

  async forgetGrant(url: string): Promise<void> {
    await this.#store.delete(grantKey(url));
  }
}

function tokenKey(url: string): string {
  return `whatsappContinuity.token ${url}`;
}

function grantKey(url: string): string {
  return `whatsappContinuity.grant ${url}`;
}

/** Tells tokens apart without keeping one a second time. */
function digestOf(token: string | null): string {
  return token === null ? "none" : createHash("sha256").update(token).digest("base64url");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
