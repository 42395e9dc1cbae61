import fc from "fast-check";
import assert from "node:assert/strict";
import { unprintableIn } from "../testing/unprintable.ts";
import { createLogger } from "./logger.ts";
import { printable, printableLine } from "./terminal.ts";

const CONTROLS = "\x1b\x07\x9b\n\r\t\x7f\u202e\u2066\u2028\ud800";
const CHARACTER = fc.oneof(
  fc.constantFrom(...CONTROLS),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);
const TEXT = fc.array(CHARACTER).map((characters) => characters.join(""));

Deno.test("printable() leaves no character that a terminal obeys, but newlines", () => {
  fc.assert(fc.property(TEXT, (text) => {
    const made = printable(text);
    assert.deepEqual(unprintableIn(made.replaceAll("\n", "")), []);
    assert.equal(made.split("\n").length, text.split("\n").length);
    assert.equal(printable(made), made);
    assert.deepEqual(unprintableIn(printableLine(text)), []);
  }));
});

Deno.test("printable() knows every character that is not for a terminal", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (character === "\n" || unprintableIn(character).length === 0) continue;
    assert.match(printable(character), /^(\\[bfrt]|(\\u[0-9a-f]{4}){1,2})$/);
  }
});

Deno.test("printable() leaves JSON the same JSON", () => {
  fc.assert(fc.property(TEXT, fc.json(), (text, json) => {
    assert.deepEqual(JSON.parse(printable(JSON.stringify({ text }))), { text });
    assert.deepEqual(JSON.parse(printable(json)), JSON.parse(json));
  }));
});

Deno.test("printable() leaves what people write as it is", () => {
  for (const text of ["", "a\nb", "Küche 🏠 – „ok“", "C:\\n\\u001b", "家 בית"]) {
    assert.equal(printable(text), text);
  }
  assert.equal(printableLine("a\nb\t\x1b[2J\u{e0041}"), "a\\nb\\t\\u001b[2J\\udb40\\udc41");
});

Deno.test("createLogger() writes lines that steer no terminal", () => {
  fc.assert(fc.property(TEXT, TEXT, (reason, name) => {
    const lines: string[] = [];
    const logger = createLogger(
      "bridge",
      { threshold: { level: "info" } },
      (line) => lines.push(line),
    );
    logger.info("fixed", { reason, [`field ${name}`]: 1 });
    assert.equal(lines.length, 1);
    assert.deepEqual(unprintableIn(lines[0]!), []);
    assert.equal(JSON.parse(lines[0]!).reason, reason);
  }));
});
