import assert from "node:assert/strict";
import { encodePubacks } from "./puback_packets.ts";

Deno.test("encodePubacks() writes one packet an id, in order", () => {
  assert.deepEqual(
    encodePubacks([1, 65_535, 258]),
    Uint8Array.of(0x40, 2, 0, 1, 0x40, 2, 0xff, 0xff, 0x40, 2, 1, 2),
  );
});
