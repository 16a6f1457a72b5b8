import jsep from "jsep";

/** What an expression can look at, by name. Anything else in it is a mistake that is told when it is written. */
export type Scope = Readonly<Record<string, unknown>>;

export interface Expression {
  readonly text: string;
  /** Total: a path that leads nowhere is undefined. */
  evaluate(scope: Scope): unknown;
}

/** An expression that cannot be understood, in words for the person who wrote it. */
export class ExpressionProblem extends Error {}

/**
 * Compiles an expression such as `kind == "socket.closed" && state.recovery.attempt > 3`: paths, literals, comparison, `&& || !`, arithmetic,
 * `in` (member of a list, part of a text, key of an object). A name after a list is taken of each element: `"socket.open" in effects.kind`.
 * There are no calls and no assignments; nothing is run as code.
 *
 * @param names what may stand at the beginning of a path
 * @throws ExpressionProblem
 */
export function compileExpression(text: string, names: readonly string[]): Expression {
  const tree = parse(text);
  check(tree, names);
  return { text, evaluate: (scope) => evaluate(tree, scope) };
}

/** A message with `{expressions}` in it, as logpoints have. @throws ExpressionProblem */
export function compileMessage(
  message: string,
  names: readonly string[],
): (scope: Scope) => string {
  const parts = message
    .split(/(\{[^{}]*\})/)
    .map((part) =>
      part.startsWith("{") && part.endsWith("}")
        ? compileExpression(part.slice(1, -1), names)
        : part,
    );
  return (scope) =>
    parts.map((part) => (typeof part === "string" ? part : textOf(part.evaluate(scope)))).join("");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
}

jsep.addBinaryOp("in", 7);

type Node = jsep.CoreExpression;

function parse(text: string): Node {
  try {
    // A list of kinds as jsep documents them; its own return type is their base.
    return jsep(text) as Node;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExpressionProblem(`"${text}" is no expression: ${why}.`);
  }
}

function check(node: Node, names: readonly string[]): void {
  switch (node.type) {
    case "Literal":
      return;
    case "Identifier":
      if (node.name === "undefined" || names.includes(node.name)) return;
      throw new ExpressionProblem(`There is no "${node.name}". Begin with ${names.join(", ")}.`);
    case "MemberExpression":
      check(node.object as Node, names);
      if (node.computed) check(node.property as Node, names);
      return;
    case "UnaryExpression":
      if (node.operator === "~") throw unsupported("~");
      return check(node.argument as Node, names);
    case "BinaryExpression":
      if (!Object.hasOwn(OPERATORS, node.operator) && !isLogical(node.operator))
        throw unsupported(node.operator);
      check(node.left as Node, names);
      return check(node.right as Node, names);
    case "ConditionalExpression":
      for (const part of [node.test, node.consequent, node.alternate]) check(part as Node, names);
      return;
    case "ArrayExpression":
      for (const element of node.elements) if (element !== null) check(element as Node, names);
      return;
    case "CallExpression":
      throw new ExpressionProblem("Functions cannot be called here; write a path or a comparison.");
    case "Compound":
    case "SequenceExpression":
    case "ThisExpression":
      throw new ExpressionProblem('Write one expression, for example kind == "socket.closed".');
  }
}

function unsupported(operator: string): ExpressionProblem {
  return new ExpressionProblem(`The operator ${operator} is not known here.`);
}

function isLogical(operator: string): boolean {
  return operator === "&&" || operator === "||" || operator === "??";
}

function evaluate(node: Node, scope: Scope): unknown {
  switch (node.type) {
    case "Literal":
      return node.value;
    case "Identifier":
      return memberOf(scope, node.name);
    case "MemberExpression": {
      const key = node.computed
        ? evaluate(node.property as Node, scope)
        : (node.property as jsep.Identifier).name;
      return memberOf(evaluate(node.object as Node, scope), key);
    }
    case "UnaryExpression":
      return unary(node.operator, evaluate(node.argument as Node, scope));
    case "BinaryExpression":
      return binary(node, scope);
    case "ConditionalExpression":
      return evaluate(
        (evaluate(node.test as Node, scope) ? node.consequent : node.alternate) as Node,
        scope,
      );
    case "ArrayExpression":
      return node.elements.map((each) => (each === null ? null : evaluate(each as Node, scope)));
    case "CallExpression":
    case "Compound":
    case "SequenceExpression":
    case "ThisExpression":
      // Refused by the check.
      return undefined;
  }
}

/** Own members only; a name after a list is taken of each element. */
export function memberOf(value: unknown, key: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const name = String(key);
  if (Array.isArray(value) && !/^\d+$/.test(name)) {
    if (name === "length") return value.length;
    return value.map((element) => memberOf(element, name)).filter((each) => each !== undefined);
  }
  return Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function unary(operator: string, value: unknown): unknown {
  if (operator === "!") return !value;
  return operator === "-" ? -Number(value) : Number(value);
}

function binary(node: jsep.BinaryExpression, scope: Scope): unknown {
  const left = evaluate(node.left as Node, scope);
  const right = (): unknown => evaluate(node.right as Node, scope);
  if (node.operator === "&&") return left ? right() : left;
  if (node.operator === "||") return left ? left : right();
  if (node.operator === "??") return left ?? right();
  return OPERATORS[node.operator]?.(left, right());
}

const same = (left: unknown, right: unknown): boolean =>
  left === right || (typeof left === "object" && JSON.stringify(left) === JSON.stringify(right));

type Operator = (left: unknown, right: unknown) => unknown;
const OPERATORS: Readonly<Record<string, Operator>> = {
  "==": same,
  "===": same,
  "!=": (left, right) => !same(left, right),
  "!==": (left, right) => !same(left, right),
  "<": (left, right) => Number(left) < Number(right),
  "<=": (left, right) => Number(left) <= Number(right),
  ">": (left, right) => Number(left) > Number(right),
  ">=": (left, right) => Number(left) >= Number(right),
  "+": (left, right) =>
    typeof left === "string" || typeof right === "string"
      ? textOf(left) + textOf(right)
      : Number(left) + Number(right),
  "-": (left, right) => Number(left) - Number(right),
  "*": (left, right) => Number(left) * Number(right),
  "/": (left, right) => Number(left) / Number(right),
  "%": (left, right) => Number(left) % Number(right),
  in: isIn,
};

function isIn(part: unknown, whole: unknown): boolean {
  if (Array.isArray(whole)) return whole.some((element) => same(element, part));
  if (typeof whole === "string") return whole.includes(String(part));
  return typeof whole === "object" && whole !== null && Object.hasOwn(whole, String(part));
}
