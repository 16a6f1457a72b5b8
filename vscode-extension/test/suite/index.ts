import { readdirSync } from "node:fs";
import { join } from "node:path";
import Mocha from "mocha";

const TEST_LIMIT_MS = 30_000;

/** Called by the editor's extension host for `extensionTestsPath`, on the desktop and in the server alike. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: TEST_LIMIT_MS });
  for (const file of readdirSync(__dirname).toSorted()) {
    if (file.endsWith(".mocha.js")) mocha.addFile(join(__dirname, file));
  }
  console.log("##SUITE-START");
  const stats = await new Promise<Mocha.Stats | undefined>((done) => {
    const runner = mocha.run(() => done(runner.stats));
  });
  // The runner wants this line: an extension host that dies is reported by the editor as success.
  console.log(`##SUITE-END ${stats?.passes ?? 0} passed, ${stats?.failures ?? 0} failed`);
  if ((stats?.failures ?? 1) > 0) throw new Error(`${stats?.failures ?? "no"} tests failed`);
}
