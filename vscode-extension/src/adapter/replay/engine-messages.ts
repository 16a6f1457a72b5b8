/** Requests to the process of an engine, by the names of its methods, and the one answer to each. */
export interface EngineRequest {
  readonly id: number;
  readonly method: "load" | "open" | "stopTable" | "view" | "golden" | "inspect";
  readonly argument: unknown;
}

export type EngineAnswer =
  | { readonly id: number; readonly result: unknown }
  | {
      readonly id: number;
      readonly problem: { readonly message: string; readonly line: number | null };
    };
