/** Goal: libsignal prints nothing, and the gateway's console stays what it was, object by object and line by line. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("libsignal-console.child.ts", import.meta.url));

function run(mode: string): { readonly stdout: string; readonly stderr: string } {
  const child = spawnSync(process.execPath, [script, mode], { encoding: "utf8" });
  expect(child.status, child.stderr).toBe(0);
  return child;
}

describe("a session that is closed and a message that does not decrypt", () => {
  it("print private keys and stacks without the seam", () => {
    const { stdout, stderr } = run("bare");
    expect(stdout).toContain("Closing session:");
    expect(stdout).toMatch(/privKey|privateKey/);
    expect(stderr).toContain("Failed to decrypt message");
  });

  it("print nothing with it, and the console is untouched", () => {
    const { stdout, stderr } = run("quiet");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      silence: "quiet",
      again: "quiet",
      sameConsole: true,
      sameMethods: true,
      failed: true,
    });
  });

  it("show no keys when somebody loaded libsignal before", () => {
    const { stdout } = run("late");
    expect(stdout).toContain("Closing session: [session record]");
    expect(stdout).not.toMatch(/privKey|privateKey|rootKey/);
    expect(stdout).toContain('"silence":"redacted"');
  });
});
