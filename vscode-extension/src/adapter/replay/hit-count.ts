import { ExpressionProblem } from "./expression.ts";

const HITS = /^\s*(>=|<=|==|=|>|<|%)?\s*(\d+)\s*$/;

/**
 * `5` stops from the fifth hit on, as editors have it; `== 5`, `< 5`, `% 5` say it otherwise.
 *
 * @throws ExpressionProblem
 */
export function hitTest(text: string | null): (count: number) => boolean {
  if (text === null) return () => true;
  const [, operator = ">=", digits = ""] = HITS.exec(text) ?? [];
  const wanted = Number(digits);
  if (digits === "" || (operator === "%" && wanted === 0))
    throw new ExpressionProblem(`"${text}" is no hit count; write 5, == 5, > 5 or % 5.`);
  switch (operator) {
    case "==":
    case "=":
      return (count) => count === wanted;
    case ">":
      return (count) => count > wanted;
    case "<":
      return (count) => count < wanted;
    case "<=":
      return (count) => count <= wanted;
    case "%":
      return (count) => count % wanted === 0;
    default:
      return (count) => count >= wanted;
  }
}
