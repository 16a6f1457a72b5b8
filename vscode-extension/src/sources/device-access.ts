import type { DeviceIdentity } from "./device-identity.ts";
import type { DeviceGrant } from "./gateway-secrets.ts";

/** How a gateway on another machine knows this editor: its identity, and what the gateway granted to it. */
export class DeviceAccess {
  readonly identity: DeviceIdentity;
  readonly #keep: (grant: DeviceGrant | null) => void;
  #grant: DeviceGrant | null;

  /** @param keep called with every new grant, and with null when it is no longer any good */
  constructor(
    identity: DeviceIdentity,
    grant: DeviceGrant | null,
    keep: (grant: DeviceGrant | null) => void,
  ) {
    this.identity = identity;
    this.#grant = grant;
    this.#keep = keep;
  }

  get grant(): DeviceGrant | null {
    return this.#grant;
  }

  accept(grant: DeviceGrant): void {
    this.#grant = grant;
    this.#keep(grant);
  }

  forget(): void {
    if (this.#grant === null) return;
    this.#grant = null;
    this.#keep(null);
  }
}
