import { createHash, createPublicKey, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createDeviceIdentity, publicKeyBase64Url, signDevicePayload } from "./device-identity.ts";
import { describeApproval, isGrantRefusal, readApprovalRequest } from "./gateway-problem.ts";
import { GatewaySecrets } from "./gateway-secrets.ts";

const HOME = "wss://gateway.example";
const OTHER = "wss://other.example";
const GRANT = { token: "granted", scopes: ["operator.read"] };

function secrets() {
  const kept = new Map<string, string>();
  const store = {
    get: (key: string) => Promise.resolve(kept.get(key)),
    store: (key: string, value: string) => Promise.resolve(void kept.set(key, value)),
    delete: (key: string) => Promise.resolve(void kept.delete(key)),
  };
  return { kept, store, secrets: new GatewaySecrets(store) };
}

describe("device identity", () => {
  test("its id is the fingerprint of its key, and its signature holds for that payload only", () => {
    const { deviceId, privateKeyPem, publicKeyPem } = createDeviceIdentity();
    const raw = Buffer.from(publicKeyBase64Url(publicKeyPem), "base64url");
    expect(raw).toHaveLength(32);
    expect(createHash("sha256").update(raw).digest("hex")).toBe(deviceId);
    const signature = Buffer.from(signDevicePayload(privateKeyPem, "v3|nonce"), "base64url");
    const key = createPublicKey(publicKeyPem);
    expect(verify(null, Buffer.from("v3|nonce"), key, signature)).toBe(true);
    expect(verify(null, Buffer.from("v3|other"), key, signature)).toBe(false);
  });

  test("it is made once, and made anew only when what was kept is damaged", async () => {
    const { kept, store, secrets: one } = secrets();
    const identity = await one.identity();
    expect(await new GatewaySecrets(store).identity()).toEqual(identity);
    const [key] = [...kept.keys()];
    kept.set(key ?? "", '{"privateKeyPem":"no key"}');
    expect((await one.identity()).deviceId).not.toBe(identity.deviceId);
  });
});

describe("what a gateway granted", () => {
  const granted = async () => {
    const all = secrets();
    await all.secrets.setToken(HOME, "shared");
    await all.secrets.setGrant(HOME, "device", "shared", GRANT);
    return all;
  };

  test("is kept for its address, device and token", async () => {
    const { secrets: mine } = await granted();
    expect(await mine.grant(HOME, "device")).toEqual(GRANT);
    expect(await mine.grant(OTHER, "device")).toBeNull();
    await mine.setGrant(OTHER, "device", null, { ...GRANT, token: "other" });
    expect(await mine.grant(OTHER, "device")).toMatchObject({ token: "other" });
    expect(await mine.grant(HOME, "device")).toEqual(GRANT);
  });

  test("is not sent elsewhere, also when somebody moves the record to another address", async () => {
    const { kept, secrets: mine } = await granted();
    const [key, record] = [...kept].find(([name]) => name.includes("grant")) ?? ["", ""];
    kept.set(key.replace(HOME, OTHER), record);
    await mine.setToken(OTHER, "shared");
    kept.set(key.replace(HOME, OTHER), record);
    expect(await mine.grant(OTHER, "device")).toBeNull();
  });

  test("is forgotten with another token, and with another identity", async () => {
    const { kept, secrets: mine } = await granted();
    await mine.setToken(HOME, "another");
    expect(await mine.grant(HOME, "device")).toBeNull();
    const again = await granted();
    expect(await again.secrets.grant(HOME, "another device")).toBeNull();
    for (const store of [kept, again.kept])
      expect([...store.keys()].filter((name) => name.includes("grant"))).toEqual([]);
  });

  test("that was won under an old token does not count for the new one", async () => {
    const { secrets: mine } = await granted();
    await mine.setToken(HOME, "another");
    await mine.setGrant(HOME, "device", "shared", GRANT);
    expect(await mine.grant(HOME, "device")).toBeNull();
  });
});

describe("a gateway that wants an approval", () => {
  const refusal = (details: object): Error => Object.assign(new Error("refused"), { details });
  const ID = "9d18a29d-4f1a-49c0-b8a6-8883e3dbb78e";

  test("names the command", () => {
    const request = readApprovalRequest(refusal({ code: "PAIRING_REQUIRED", requestId: ID }));
    expect(request).toEqual({ requestId: ID, mayRead: false });
    const state = request === null ? null : describeApproval(request, "gateway.example");
    expect(state).toMatchObject({ phase: "waiting", command: `openclaw devices approve ${ID}` });
    expect(state?.sentence).toContain("connected by itself");
  });

  test("cannot put anything else into what a person copies into a shell", () => {
    const request = readApprovalRequest(
      refusal({
        code: "PAIRING_REQUIRED",
        requestId: "1; rm -rf ~",
        approvedScopes: ["operator.read"],
      }),
    );
    expect(request).toEqual({ requestId: null, mayRead: true });
    expect(request && describeApproval(request, "gateway.example")).toMatchObject({
      command: null,
    });
  });

  test("is told from one that revoked what it granted", () => {
    expect(isGrantRefusal(refusal({ code: "AUTH_DEVICE_TOKEN_MISMATCH" }))).toBe(true);
    expect(isGrantRefusal(refusal({ code: "PAIRING_REQUIRED" }))).toBe(false);
    expect(readApprovalRequest(refusal({ code: "AUTH_DEVICE_TOKEN_MISMATCH" }))).toBeNull();
  });
});
