/** Bad input or environment: one sentence with cause and next action, exit status 2. */
export class CommandProblem extends Error {
  readonly code: string;
  readonly action: string;

  constructor(code: string, cause: string, action: string) {
    super(`${cause}. ${action}`);
    this.name = "CommandProblem";
    this.code = code;
    this.action = action;
  }
}

/** Exit statuses of every command. */
export const EXIT = { holds: 0, doesNotHold: 1, badInput: 2 } as const;
