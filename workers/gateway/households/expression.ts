/** JSONata expressions over a message's payload, bounded in steps and depth. */
import jsonata from "jsonata";
import { textOf } from "../../../shared/events.ts";

/** An evaluation of more steps gives nothing; time says nothing on a machine that is busy. */
const STEPS_MAX = 100_000;
const DEPTH_MAX = 200;

export type Bindings = Readonly<Record<string, string>>;

export interface Expression {
  /** What it gives, or undefined. @throws what the expression does. */
  evaluate(payload: unknown): Promise<unknown>;
}

/**
 * Compiles an expression.
 * @returns what is wrong with it where it is none.
 */
export function compileExpression(
  text: string,
  bindings: Bindings,
): Expression | { readonly error: string } {
  let expression: jsonata.Expression;
  try {
    expression = jsonata(text);
  } catch (error) {
    const { message, position } = error as { readonly message: string; readonly position?: number };
    return { error: position === undefined ? message : `${message} (character ${position})` };
  }
  let [depth, steps] = [0, 0];
  const bound = () => {
    if (depth > DEPTH_MAX || ++steps > STEPS_MAX) {
      throw new Error("the expression takes too long");
    }
  };
  const assign = expression.assign as (name: string | symbol, value: unknown) => void;
  assign(Symbol.for("jsonata.__evaluate_entry"), () => {
    depth++;
    bound();
  });
  assign(Symbol.for("jsonata.__evaluate_exit"), () => {
    depth--;
    bound();
  });
  return {
    evaluate: async (payload) => {
      [depth, steps] = [0, 0];
      return await expression.evaluate(payload, { ...bindings });
    },
  };
}

/** A payload as expressions see it: what its JSON says, or else its text; undefined where it is none. */
export function payloadValue(bytes: Uint8Array): unknown {
  const text = textOf(bytes)?.trim();
  if (text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** Nobody's house draws more. */
const WATTS_MAX = 1e9;

/** The finite number that a value is, or says; never one for null, nan, unavailable and the like. */
export function finiteOf(value: unknown): number | undefined {
  const number = typeof value === "string" && NUMBER.test(value.trim()) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** The same of a power or a counter. */
export function amountOf(value: unknown): number | undefined {
  const number = finiteOf(value);
  return number !== undefined && Math.abs(number) <= WATTS_MAX ? number : undefined;
}

/** What says yes and no: of a switch, and of whether a device is there. */
export const SWITCH_WORDS = { yes: ["on", "true", "1"], no: ["off", "false", "0"] } as const;
export const ONLINE_WORDS = { yes: ["online", "true"], no: ["offline", "false"] } as const;

/** What a value says, or undefined where it is none of these words. */
export function booleanOf(
  value: unknown,
  words: { readonly yes: readonly string[]; readonly no: readonly string[] },
): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value).trim().toLowerCase();
  return words.yes.includes(text) ? true : words.no.includes(text) ? false : undefined;
}
