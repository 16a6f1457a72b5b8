/** Saves credentials and a key without end, until it is killed. */
import { openAuthState } from "../../src/baileys/auth-state.ts";
import { loadBaileys } from "../../src/baileys/library.ts";

const auth = await openAuthState(await loadBaileys(), process.argv[2] ?? "");
process.stdout.write("writing\n");
for (let round = 0; ; round += 1) {
  auth.state.creds.accountSyncCounter = round;
  await Promise.all([
    auth.save(),
    auth.state.keys.set({ session: { "1.0": Buffer.alloc(20_000, round % 256) } }),
  ]);
}
