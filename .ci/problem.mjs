/**
 * Something the person at the keyboard can put right: bad input or a missing part of the environment.
 * It is shown as one sentence with its cause and the next action, never as a stack, and ends the command with status 2.
 */
export class Problem extends Error {
  /**
   * @param {string} cause what is wrong, without a full stop
   * @param {string} action what to do next, without a full stop
   */
  constructor(cause, action) {
    super(`${cause}: ${action}.`);
    this.name = "Problem";
  }
}

/** A check that does not hold. The message says what; it ends the command with status 1 and without a stack. */
export class Failure extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "Failure";
  }
}

/** Exit statuses of every root script. */
export const EXIT = { holds: 0, doesNotHold: 1, badInputOrEnvironment: 2 };

/**
 * Ends the process the way every root script ends when something was thrown.
 *
 * @param {unknown} error
 * @returns {never}
 */
export function exitBecauseOf(error) {
  if (error instanceof Problem) {
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT.badInputOrEnvironment);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${error instanceof Failure ? error.message : stack}\n`);
  process.exit(EXIT.doesNotHold);
}
