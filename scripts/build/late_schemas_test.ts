import assert from "node:assert/strict";
import { withLateSchemas } from "./late_schemas.ts";

const CLIENT = `
  const compiled = [];
  class Ajv2020 {
    compile(schema) {
      compiled.push(schema);
      const validate = (value) => {
        validate.errors = value === schema ? null : [schema];
        return value === schema;
      };
      return validate;
    }
  }
  const lib = { Ajv2020 };
  const ajv = new lib.Ajv2020({allErrors:!0,coerceTypes:!1,strict:!0});
  export { ajv, compiled };
`;

Deno.test("withLateSchemas() has a schema compiled once it is used, and once", async () => {
  const { ajv, compiled } = await import(
    `data:text/javascript,${encodeURIComponent(withLateSchemas(CLIENT))}`
  );
  const [isA, isB] = [ajv.compile("a"), ajv.compile("b")];
  assert.deepEqual(compiled, []);
  assert.equal(isA("x"), false);
  assert.deepEqual(isA.errors, ["a"]);
  assert.equal(isA("a"), true);
  assert.equal(isA.errors, null);
  assert.equal(isB("b"), true);
  assert.deepEqual(compiled, ["a", "b"]);
});

Deno.test("withLateSchemas() refuses a client that compiles them otherwise", () => {
  assert.throws(() => withLateSchemas("const ajv = new Ajv({})"), /in a new way/);
});
