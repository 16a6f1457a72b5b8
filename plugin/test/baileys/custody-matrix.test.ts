/** Goal: eight kinds of captured operations through six teardowns with four kinds of successor: each leaves once or is refused with its own cause. */
import { expect, it } from "vitest";
import {
  expectedOutcome,
  onMatrixStage,
  OPERATIONS,
  playCell,
  SUCCESSORS,
  TEARDOWNS,
} from "../depths/custody-matrix.ts";

it("8 operations x 6 teardowns x 4 successors", async () => {
  await onMatrixStage(async (stage) => {
    for (const teardown of TEARDOWNS) {
      for (const successor of SUCCESSORS) {
        const outcomes = await playCell(stage, teardown, successor);
        const expected = Object.fromEntries(
          OPERATIONS.map((operation) => [
            operation,
            expectedOutcome(operation, teardown, successor),
          ]),
        );
        expect.soft(outcomes, `${teardown}, successor ${successor}`).toEqual(expected);
      }
    }
  });
}, 240_000);
