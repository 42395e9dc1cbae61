/** The same event as different producers write it: some forms go by the scanner, some by the schema. */
import fc from "fast-check";

type Event = Readonly<Record<string, unknown>>;

/** Ways to write an event of whole numbers, the bridge's first. */
const FORMS: readonly ((event: Event) => string)[] = [
  (event) => JSON.stringify(event),
  (event) => JSON.stringify(event, undefined, 1),
  (event) => JSON.stringify(Object.fromEntries(Object.entries(event).reverse())),
  // An escape at the front of each name.
  (event) => JSON.stringify(event).replace(/(?<=:")./g, escaped),
  // Numbers otherwise: a fraction of a second, which is floored, and 12 W as 12.0.
  (event) =>
    JSON.stringify(event).replace(/"timestamp":\d+/, "$&.75")
      .replace(/("consumption":\d+)/, "$1.0"),
  (event) => JSON.stringify({ extra: { client_id: "other" }, ...event }),
];

const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Index of a form: that of the bridge in most cases. */
export const formArbitrary: fc.Arbitrary<number> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(FORMS.length - 1) },
);

export function written(event: Event, form: number): string {
  return FORMS[form]!(event);
}
