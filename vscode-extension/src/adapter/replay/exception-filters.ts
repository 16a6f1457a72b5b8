import type { DebugProtocol } from "@vscode/debugprotocol";
import { EXCEPTION_FILTERS, type ExceptionFilter } from "./engine.ts";

interface FilterText {
  readonly label: string;
  readonly description: string;
  readonly default: boolean;
}

/** What the exception filters are for people. What is a defect stops unasked. */
export const FILTER_TEXTS: Readonly<Record<ExceptionFilter, FilterText>> = {
  divergence: {
    label: "Divergences",
    description: "Stop where the decision is not the expected one",
    default: true,
  },
  invariant: {
    label: "Broken invariants",
    description: "Stop where a state breaks an invariant",
    default: true,
  },
  dropped: {
    label: "Dropped events",
    description: "Stop at a fact that came too late or that nothing had a use for",
    default: false,
  },
  permanent: {
    label: "Permanent causes",
    description: "Stop where the account stops and needs a person",
    default: false,
  },
};

export const FILTER_CAPABILITIES: DebugProtocol.ExceptionBreakpointsFilter[] =
  EXCEPTION_FILTERS.map((filter) => ({
    filter,
    ...FILTER_TEXTS[filter],
    supportsCondition: true,
    conditionDescription: 'for example account == "work"',
  }));
