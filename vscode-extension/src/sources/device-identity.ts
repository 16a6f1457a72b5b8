import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from "node:crypto";
import { objectOf } from "./gateway-protocol.ts";

/** Who this installation is for gateways on other machines: an Ed25519 key pair, and the id that OpenClaw derives from it. */
export interface DeviceIdentity {
  /** SHA-256 of the raw public key, hexadecimal. */
  readonly deviceId: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

/** Length of an Ed25519 public key, which ends its DER encoding. */
const RAW_KEY_BYTES = 32;

export function createDeviceIdentity(): DeviceIdentity {
  const { privateKey } = generateKeyPairSync("ed25519");
  return identityOf(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
}

/** Null when what was kept is no identity: then a new one is needed, and gateways have to approve it. */
export function readDeviceIdentity(kept: string | undefined): DeviceIdentity | null {
  if (kept === undefined) return null;
  try {
    const { privateKeyPem } = objectOf(JSON.parse(kept));
    return typeof privateKeyPem === "string" ? identityOf(privateKeyPem) : null;
  } catch {
    // Damaged: neither JSON nor a key.
    return null;
  }
}

/** Only the private key is kept; the rest follows from it and cannot disagree with it. */
export function keepDeviceIdentity({ privateKeyPem }: DeviceIdentity): string {
  return JSON.stringify({ version: 1, privateKeyPem });
}

/** @throws Error when it is no Ed25519 private key */
function identityOf(privateKeyPem: string): DeviceIdentity {
  const privateKey = createPrivateKey(privateKeyPem);
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error("It is not an Ed25519 key.");
  const publicKeyPem = createPublicKey(privateKey)
    .export({ type: "spki", format: "pem" })
    .toString();
  const deviceId = createHash("sha256").update(rawPublicKey(publicKeyPem)).digest("hex");
  return { deviceId, privateKeyPem, publicKeyPem };
}

/** What OpenClaw's protocol asks for: base64url of the 32 bytes. */
export function publicKeyBase64Url(publicKeyPem: string): string {
  return rawPublicKey(publicKeyPem).toString("base64url");
}

/** Signature over the payload with the gateway's nonce, base64url. */
export function signDevicePayload(privateKeyPem: string, payload: string): string {
  return sign(null, Buffer.from(payload), privateKeyPem).toString("base64url");
}

function rawPublicKey(publicKeyPem: string): Buffer {
  const der = createPublicKey(publicKeyPem).export({ type: "spki", format: "der" });
  return der.subarray(-RAW_KEY_BYTES);
}
