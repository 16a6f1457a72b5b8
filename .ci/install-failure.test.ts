import { expect, test } from "vitest";
import { explainInstallFailure } from "./install-failure.mjs";

test.each([
  ["spawn npx ENOENT", /npm is not on the PATH.*: install Node/u],
  [
    "npm error code ENOTFOUND\nnpm error network request to https://registry.example failed",
    /registry cannot be reached/u,
  ],
  ["npm error code ENOSPC\nnpm error syscall write", /disk is full.*: free/u],
  ["Error: EACCES: permission denied, mkdir '/x/node_modules'", /not writable.*never use sudo/u],
  ["ERR_PNPM_FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE", /lockfile|pnpm-lock\.yaml does not match/u],
  [
    "npm error code SELF_SIGNED_CERT_IN_CHAIN\nself-signed certificate in certificate chain",
    /TLS certificate.*NODE_EXTRA_CA_CERTS/u,
  ],
  ["something nobody has seen", /could not be installed: read/u],
])("%s is explained in one sentence with the next action", (output, sentence) => {
  const { message } = explainInstallFailure(output);
  expect(message).toMatch(sentence);
  expect(message.endsWith(".")).toBe(true);
});
