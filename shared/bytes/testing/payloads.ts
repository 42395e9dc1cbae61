/** Payloads of every kind for property tests: what meters send, what others make of it, and junk. */
import fc from "fast-check";

const encoder = new TextEncoder();

const name = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z0-9-]{1,12}$/) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 6 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "",
      "grün",
      "🏠",
      "\ufeff",
      "\ud800",
      '"',
      "\\",
      "\n",
      "\u2028",
      "\x7f",
      "\x85",
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(255, 256, 257).map((length) => "n".repeat(length)) },
  { weight: 1, arbitrary: fc.constantFrom(128, 129, 200).map((length) => "ü".repeat(length)) },
).map((text) => JSON.stringify(text));

const number = fc.oneof(
  fc.integer({ min: -20_000, max: 20_000 }).map((tenths) => String(tenths / 10)),
  fc.double().map((value) => String(value)),
  fc.double({ min: -1e-5, max: 1e-5 }).map((value) => String(value)),
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?$/),
  fc.constantFrom(
    ...["-0", "-0.0", "0", "230.50", "1e3", "1E-7", "0.000001", "0.0000001", "0.1", "1e999", "00"],
    ...["123456789012345", "1234567890123456", "12345678901234567890123", "0.12345678901234567"],
    ...["9007199254740993", "1.", ".5", "+1", "01", "NaN", "-", "1e", "0x10", "null", '"7"'],
    ...["230.33000183105469", "9".repeat(70), "4.9e-324", "2.2250738585072011e-308"],
  ),
);

const second = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 2_000_000_000 }).map(String) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 2e11 }).map(String) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...["1790000000.25", "1790000000.9999", "1790000000.99999999999", "99999999999.999", "-0"],
      ...[
        "100000000000",
        "100000000001",
        "99999999999",
        "-1",
        "1e9",
        "5.0",
        "007",
        "1790000000123",
      ],
    ),
  },
);

const bitmap = fc.oneof(
  fc.array(fc.boolean(), { maxLength: 20 }).map((bits) => JSON.stringify(bits)),
  fc.constantFrom(0, 1, 255, 256, 257).map((length) => `[${new Array(length).fill("true")}]`),
  fc.constantFrom("[true, false]", "[ ]", "[true,]", "[1]", "[tru]", "[[true]]", "true", "[false,"),
);

const blank = fc.oneof(
  { weight: 8, arbitrary: fc.constant("") },
  { weight: 2, arbitrary: fc.constant(" ") },
  { weight: 1, arbitrary: fc.constantFrom("\n", "\t", "\r\n  ", "\u00a0", "\f") },
);

const junk = fc.oneof(
  fc.json({ maxDepth: 2 }).map((value) => `"extra":${value}`),
  fc.constantFrom('"__proto__":1', '"client\\u005fid":"x"', '"":0', '"timestamp":null', "1"),
);

const fields = {
  client_id: name.map((text) => `"client_id":${text}`),
  username: name.map((text) => `"username":${text}`),
  timestamp: second.map((text) => `"timestamp":${text}`),
  consumption: number.map((text) => `"consumption":${text}`),
  state_bitmap: bitmap.map((text) => `"state_bitmap":${text}`),
};

type Field = keyof typeof fields;

/** Members of an object, blanks between them: mostly those of the event, in their order. */
function objectOf(names: readonly Field[]): fc.Arbitrary<string> {
  const usual = fc.tuple(...names.map((each) => fields[each]));
  const orders = fc.shuffledSubarray([...names, ...names], { minLength: 2 })
    .chain((order) => fc.tuple(...order.map((each) => fields[each])));
  const members: fc.Arbitrary<string[]> = fc.oneof(
    { weight: 6, arbitrary: usual },
    { weight: 2, arbitrary: usual.chain((all) => fc.shuffledSubarray(all, { minLength: 3 })) },
    { weight: 1, arbitrary: orders },
    { weight: 1, arbitrary: fc.tuple(usual, junk).map(([all, more]) => [...all, more]) },
  );
  const spaced = fc.tuple(blank, blank, blank, blank);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(["", "", "", ""]) },
    { weight: 1, arbitrary: spaced },
  ).chain(([before, after, behindComma, aroundColon]) =>
    members.map((all) => {
      const text = all.map((member) => member.replace(":", `${aroundColon}:${aroundColon}`))
        .join(`,${behindComma}`);
      return `${before}{${after}${text}${after}}${before}`;
    })
  );
}

/** One byte set, left out or put in somewhere, or the end cut off. */
const mutation = fc.record({
  kind: fc.constantFrom("set", "remove", "insert", "cut"),
  at: fc.nat(400),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(...encoder.encode('"\\{}[],:0e.- t'))),
});

function mutated(
  bytes: Uint8Array,
  { kind, at, byte }: typeof mutation extends fc.Arbitrary<infer M> ? M : never,
) {
  const index = bytes.length === 0 ? 0 : at % bytes.length;
  const all = [...bytes];
  if (kind === "set") all[index] = byte;
  else if (kind === "cut") all.length = index;
  else all.splice(index, kind === "remove" ? 1 : 0, ...(kind === "remove" ? [] : [byte]));
  return new Uint8Array(all);
}

function payloadsOf(names: readonly Field[]): fc.Arbitrary<Uint8Array> {
  const whole = objectOf(names).map((text) => encoder.encode(text));
  return fc.oneof(
    { weight: 3, arbitrary: whole },
    {
      weight: 2,
      arbitrary: fc.tuple(whole, fc.array(mutation, { minLength: 1, maxLength: 3 }))
        .map(([bytes, all]) => all.reduce(mutated, bytes)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  );
}

export const readingPayloads: fc.Arbitrary<Uint8Array> = payloadsOf(
  ["client_id", "username", "timestamp", "consumption"],
);
export const deviceStatePayloads: fc.Arbitrary<Uint8Array> = payloadsOf(
  ["client_id", "username", "timestamp", "state_bitmap"],
);
