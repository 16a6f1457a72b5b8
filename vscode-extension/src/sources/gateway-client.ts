import { GatewayClient, type GatewayClientOptions } from "@openclaw/gateway-client";
import type { DeviceAccess } from "./device-access.ts";
import { publicKeyBase64Url, signDevicePayload } from "./device-identity.ts";

export interface GatewayEndpoint {
  readonly url: string;
  readonly token: string | null;
  /** SHA-256 of the only certificate that is accepted; null for the trust store. */
  readonly tlsFingerprint: string | null;
  /** Null where the token alone has to do. */
  readonly device: DeviceAccess | null;
  readonly version: string;
}

type Handlers = Required<
  Pick<
    GatewayClientOptions,
    "onHelloOk" | "onConnectError" | "onReconnectPaused" | "onClose" | "onEvent" | "onGap"
  >
>;

/**
 * OpenClaw's published client for one gateway. The identity always goes with it: directly on this machine the gateway needs none and
 * keeps no record of it; from anywhere else it asks a person to approve the device, and then grants a token to it. That token is
 * used instead of the gateway's own from then on.
 *
 * With a fingerprint the client compares the certificate before it sends the first byte, whatever the trust store says.
 */
export function createGatewayClient(
  endpoint: GatewayEndpoint,
  scopes: readonly string[],
  handlers: Handlers,
): GatewayClient {
  const { url, token, tlsFingerprint, device, version } = endpoint;
  return new GatewayClient({
    url,
    ...(token === null || (device !== null && device.grant !== null) ? {} : { token }),
    ...(tlsFingerprint === null ? {} : { tlsFingerprint }),
    clientName: "gateway-client",
    clientDisplayName: "WhatsApp Continuity (VS Code)",
    clientVersion: version,
    platform: process.platform,
    mode: "backend",
    role: "operator",
    scopes: [...scopes],
    caps: [],
    deviceIdentity: device === null ? null : device.identity,
    hostDeps: {
      signDevicePayload,
      publicKeyRawBase64UrlFromPem: publicKeyBase64Url,
      loadDeviceAuthToken: () =>
        device === null || device.grant === null
          ? null
          : { token: device.grant.token, scopes: [...device.grant.scopes] },
      storeDeviceAuthToken: ({ token: granted, scopes: grantedScopes }) =>
        device?.accept({ token: granted, scopes: grantedScopes }),
      clearDeviceAuthToken: () => device?.forget(),
    },
    ...handlers,
  });
}
