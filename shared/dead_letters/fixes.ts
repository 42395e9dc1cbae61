/** The named fixes that `replay --fix` can apply to a payload before it is judged again. Pure. */
import { type DeadLetter, textOf } from "../events.ts";
import type { TopicLayout } from "../mqtt/topics.ts";

export const FIX_NAMES = ["milliseconds", "numbers", "identity"] as const;
export type FixName = typeof FIX_NAMES[number];

/** A fix by its name, or seconds to add to the timestamp: of a household whose clock is off. */
export type ChosenFix = FixName | { readonly shiftS: number };

/** Seconds from here on are milliseconds, as in the event contract. */
const TIMESTAMP_S_MAX = 1e11;

type Fields = Record<string, unknown>;
type Fix = (fields: Fields, letter: DeadLetter, layout: TopicLayout) => void;

const FIXES: Readonly<Record<FixName, Fix>> = {
  milliseconds: (fields) => {
    const { timestamp } = fields;
    if (typeof timestamp === "number" && timestamp > TIMESTAMP_S_MAX) {
      fields.timestamp = Math.floor(timestamp / 1000);
    }
  },
  numbers: (fields) => {
    for (const name of ["timestamp", "consumption"]) {
      const text = fields[name];
      if (typeof text !== "string" || text.trim() === "") continue;
      // Some meters write a comma.
      const value = Number(text.trim().replace(",", "."));
      if (Number.isFinite(value)) fields[name] = value;
    }
  },
  identity: (fields, letter, layout) => {
    const match = layout.match(letter.topic);
    if (match?.username !== undefined) fields.username = match.username;
    if (match?.client_id !== undefined) fields.client_id = match.client_id;
  },
};

/** The payload of a letter as it came. */
export function payloadOf(letter: DeadLetter): Uint8Array {
  return letter.payload_encoding === "base64"
    ? Uint8Array.fromBase64(letter.payload)
    : new TextEncoder().encode(letter.payload);
}

/** The payload with these fixes applied; as it came where it is no JSON object. */
export function fixedPayload(
  letter: DeadLetter,
  fixes: readonly ChosenFix[],
  layout: TopicLayout,
): Uint8Array {
  const payload = payloadOf(letter);
  const fields = fixes.length === 0 ? undefined : fieldsOf(payload);
  if (fields === undefined) return payload;
  // Text becomes numbers before numbers become seconds.
  for (const name of ["numbers", "milliseconds", "identity"] as const) {
    if (fixes.includes(name)) FIXES[name](fields, letter, layout);
  }
  for (const fix of fixes) {
    if (typeof fix === "string" || typeof fields.timestamp !== "number") continue;
    fields.timestamp += fix.shiftS;
  }
  return new TextEncoder().encode(JSON.stringify(fields));
}

/** The fields of a JSON object; undefined where it is none. */
export function fieldsOf(payload: Uint8Array): Fields | undefined {
  const text = textOf(payload);
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? json as Fields
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
