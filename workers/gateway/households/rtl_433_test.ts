/** What a real rtl_433 says of a CurrentCost transmitter's bits, through the gateway. */
import assert from "node:assert/strict";
import { requireCommands } from "../../../shared/services/commands.ts";
import { fileOf, NOW_MS, OneHousehold } from "../testing/one_household.ts";

const ID = 0xdf7;
/** The number of rtl_433's decoder for it. */
const DECODER = "44";
const SYNC_BITS = 0xccccccce915dn.toString(2).slice(-48, -3);

/** A packet as it is sent, as `rtl_433 -y` takes it: all bits inverted, the data in Manchester code. */
function packetOf(watts: number): string {
  const bytes = [0xd, ID & 0xff, 0x80 | watts >> 8, watts & 0xff, 0, 0, 0, 0];
  const data = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const coded = SYNC_BITS + [...data].map((bit) => bit === "1" ? "01" : "10").join("");
  const inverted = [...coded].map((bit) => bit === "1" ? "0" : "1").join("");
  const whole = inverted.padEnd(Math.ceil(inverted.length / 8) * 8, "0");
  const hex = whole.match(/.{8}/g)!.map((bits) => parseInt(bits, 2).toString(16).padStart(2, "0"));
  return `{${coded.length}}${hex.join("")}`;
}

/** The event that rtl_433 publishes of it. */
async function decoded(rtl433: string, watts: number): Promise<string> {
  const args = ["-R", DECODER, "-y", packetOf(watts), "-F", "json"];
  const { stdout } = await new Deno.Command(rtl433, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("preset rtl-433 reads what a real rtl_433 decodes", async () => {
  const { rtl_433: rtl433 } = await requireCommands(["rtl_433"], () => {});
  const meter = { preset: "rtl-433", topic: "pi", entity: "CurrentCost-TX", field: "power0_W" };
  const home = new OneHousehold(fileOf({ ...meter, channel: String(ID) }));
  const sent = [0, 1, 642, 5731, 32767];
  for (const [index, watts] of sent.entries()) {
    const event = await decoded(rtl433, watts);
    assert.match(event, /^\{"time".*"CurrentCost-TX"/);
    await home.take("rtl_433/pi/events", event, { atMs: NOW_MS + index * 6000 });
  }
  assert.deepEqual(home.watts, sent);
});
