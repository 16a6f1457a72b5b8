import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/account-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultAccountId, listAccountIds, resolveAccount } from "./account.ts";
import { hasAnyCredentials, hasCredentials } from "./auth-dir.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "accounts-"));
  vi.stubEnv("OPENCLAW_STATE_DIR", home);
  vi.stubEnv("OPENCLAW_OAUTH_DIR", "");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function cfg(whatsapp: unknown): OpenClawConfig {
  return { channels: { whatsapp } } as OpenClawConfig;
}

function writeCredentials(folder: string, content = '{"me":{}}'): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "creds.json"), content);
}

describe("accounts", () => {
  test("without any configured there is the default one", () => {
    expect(listAccountIds(cfg({}))).toEqual(["default"]);
    expect(defaultAccountId(cfg({}))).toBe("default");
  });

  test("named ones replace it, and defaultAccount chooses among them", () => {
    const config = cfg({ accounts: { work: {}, shop: {} }, defaultAccount: "shop" });
    expect(listAccountIds(config).toSorted()).toEqual(["shop", "work"]);
    expect(resolveAccount(config).accountId).toBe("shop");
  });

  test("inherit from the channel, then from accounts.default, then have their own", () => {
    const config = cfg({
      textChunkLimit: 1_000,
      replyToMode: "off",
      accounts: {
        default: {
          replyToMode: "all",
          historyLimit: 5,
          authDir: "/elsewhere",
          name: "Main",
          selfChatMode: true,
        },
        work: { historyLimit: 9 },
      },
    });
    expect(resolveAccount(config, "work")).toMatchObject({
      name: undefined,
      config: { textChunkLimit: 1_000, replyToMode: "all", historyLimit: 9 },
    });
    expect(resolveAccount(config, "work").config.selfChatMode).toBeUndefined();
    expect(resolveAccount(config, "default")).toMatchObject({
      name: "Main",
      authDir: "/elsewhere",
    });
  });

  test("are enabled unless the account or the channel says otherwise", () => {
    const config = cfg({ accounts: { on: {}, off: { enabled: false } } });
    expect(resolveAccount(config, "on").enabled).toBe(true);
    expect(resolveAccount(config, "off").enabled).toBe(false);
    expect(resolveAccount(cfg({ enabled: false, accounts: { on: {} } }), "on").enabled).toBe(false);
  });
});

describe("the folder of the credentials", () => {
  test("is the official plugin's, per account", () => {
    expect(resolveAccount(cfg({})).authDir).toBe(join(home, "credentials", "whatsapp", "default"));
    expect(resolveAccount(cfg({ accounts: { Work: {} } }), "Work").authDir).toBe(
      join(home, "credentials", "whatsapp", "work"),
    );
  });

  test("is what authDir says, with ~ for the home", () => {
    const account = resolveAccount(cfg({ accounts: { work: { authDir: "~/keys" } } }), "work");
    expect(account.authDir).not.toContain("~");
    expect(account.authDir.endsWith("/keys")).toBe(true);
  });

  test("is the old shared one as long as the default account has no other", () => {
    const shared = join(home, "credentials");
    writeCredentials(shared);
    expect(resolveAccount(cfg({}))).toMatchObject({ authDir: shared, sharedAuthDir: true });
    writeCredentials(join(shared, "whatsapp", "default"));
    expect(resolveAccount(cfg({}))).toMatchObject({ sharedAuthDir: false });
  });

  test("holds credentials only when there is a real file with something in it", () => {
    const [empty, linked, real] = ["empty", "linked", "real"].map((name) => join(home, name));
    writeCredentials(empty ?? "", "");
    writeCredentials(real ?? "");
    mkdirSync(linked ?? "");
    symlinkSync(join(real ?? "", "creds.json"), join(linked ?? "", "creds.json"));
    expect(
      [empty, linked, real, join(home, "none")].map((folder) => hasCredentials(folder ?? "")),
    ).toEqual([false, false, true, false]);
  });

  test("of an account that is no longer configured still counts as linked", () => {
    expect(hasAnyCredentials([])).toBe(false);
    writeCredentials(join(home, "credentials", "whatsapp", "old"));
    expect(hasAnyCredentials([])).toBe(true);
  });
});
