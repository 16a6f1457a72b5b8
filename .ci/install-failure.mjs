import { Problem } from "./problem.mjs";

/**
 * What goes wrong during an installation on other people's machines, told apart by what npm and pnpm print.
 * The first match wins.
 *
 * @type {readonly { sign: RegExp, cause: string, action: string }[]}
 */
const CAUSES = [
  {
    sign: /spawn npx ENOENT|npx: (command )?not found/u,
    cause: "npm is not on the PATH, and the dependencies are installed through its `npx`",
    action: "install Node.js 20 or later together with npm and run the command again",
  },
  {
    sign: /ENOSPC|no space left on device|os error 28\b/iu,
    cause: "The disk is full",
    action: "free about 2 GB (for node_modules and the package store) and run the command again",
  },
  {
    sign: /EACCES|EPERM|EROFS|permission denied|read-only file system/iu,
    cause: "A folder that the installation needs is not writable for this user",
    action:
      "make this folder and your home folder writable (never use sudo for it) and run the command again",
  },
  {
    sign: /OUTDATED_LOCKFILE/u,
    cause: "pnpm-lock.yaml does not match the package.json files",
    action: "run `npx pnpm install` after changing a dependency, and commit the lockfile",
  },
  {
    sign: /CERT_|UNABLE_TO_VERIFY|self.signed certificate|UNABLE_TO_GET_ISSUER|invalid peer certificate/iu,
    cause: "The package registry's TLS certificate is not trusted",
    action: "set NODE_EXTRA_CA_CERTS to your organisation's CA file and run the command again",
  },
  {
    sign: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|META_FETCH_FAIL|dns error|error sending request|network/iu,
    cause: "The package registry cannot be reached",
    action:
      "check the network or proxy settings (`npm ping` shows whether npm gets through) and run the command again",
  },
];

/**
 * Turns the output of a failed installation into one sentence with cause and action.
 *
 * @param {string} output what npm and pnpm printed
 */
export function explainInstallFailure(output) {
  const known = CAUSES.find(({ sign }) => sign.test(output));
  if (known !== undefined) return new Problem(known.cause, known.action);
  process.stderr.write(`${output.split("\n").slice(-20).join("\n")}\n`);
  return new Problem(
    "The dependencies could not be installed",
    "read pnpm's last lines above, put their cause right and run the command again",
  );
}
