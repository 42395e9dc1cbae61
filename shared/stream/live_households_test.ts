import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena } from "../bytes/arena.ts";
import { NO_HEADERS } from "../log/log.ts";
import { gatherPlaces, type RecordPlaces } from "../log/record_places.ts";
import { scanned } from "../testing/recording_sink.ts";
import type { Household, HouseholdEvent } from "./household.ts";
import { HouseholdName } from "./household_name.ts";
import { LiveHousehold, LiveHouseholds } from "./live_households.ts";

const NOBODY: Household<HouseholdEvent> = {
  accept: () => "used",
  close() {},
  release() {},
  closedS: 0,
  oldestPlace: () => 7,
};

function eventOf(client_id: string, username: string): HouseholdEvent {
  return scanned({ client_id, username, timestamp: 0, consumption: 0 });
}

function namesOf(households: LiveHouseholds<HouseholdEvent>): string[] {
  const names: string[] = [];
  for (let live = households.first; live !== undefined; live = live.after) {
    names.push(`${live.name.username}/${live.name.client_id}`);
  }
  return names;
}

/** Its reading in a partition, as the bridge writes it. */
function recordOf(client_id: string, username: string): RecordPlaces {
  const text = JSON.stringify({ client_id, username, timestamp: 0, consumption: 0 });
  const [key, value] = [client_id, text].map((each) => new TextEncoder().encode(each));
  const record = { offset: 0, appendMs: 0, key: key!, value: value!, headers: NO_HEADERS };
  return gatherPlaces({ topic: "power", partition: 0 }, [record]);
}

const step = fc.record({
  client: fc.integer({ min: 0, max: 30 }),
  user: fc.constantFrom("ada", "bob"),
  isDeleted: fc.boolean(),
});

Deno.test("LiveHouseholds finds each by client id and user, in the order they were heard", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const [arena, households] = [new Arena(), new LiveHouseholds<HouseholdEvent>()];
    const heard = new Set<string>();
    for (const { client, user, isDeleted } of steps) {
      const event = eventOf(`home-${client}`, user);
      const name = `${user}/home-${client}`;
      const record = recordOf(`home-${client}`, user);
      const ahead = households.ahead(record, 0);
      const live = households.get(event);
      assert.equal(live !== undefined, heard.has(name));
      if (ahead !== undefined) assert.equal(ahead, live);
      assert.equal(households.ahead(record, 0), live, "who was found is found ahead");
      heard.delete(name);
      if (live === undefined) {
        households.add(new LiveHousehold(new HouseholdName(event, arena), NOBODY, 0));
        heard.add(name);
      } else if (isDeleted) {
        households.delete(live);
        assert.equal(live.oldestPlace(), Infinity);
      } else {
        assert.equal(live.name.client_id, `home-${client}`);
        households.heard(live);
        heard.add(name);
      }
      assert.deepEqual(namesOf(households), [...heard]);
      assert.equal(households.count, heard.size);
    }
  }));
});

Deno.test("LiveHouseholds.ahead() finds two households whose keys want the same slot", () => {
  const [arena, households] = [new Arena(), new LiveHouseholds<HouseholdEvent>()];
  const byLowBits = Map.groupBy(
    Array.from(
      { length: 300 },
      (_, index) => new HouseholdName(eventOf(`home-${index}`, "ada"), arena),
    ),
    ({ keyHash }) => keyHash & 0xff,
  );
  const two = byLowBits.values().find(({ length }) => length > 1)!.slice(0, 2);
  for (const name of two) {
    households.add(new LiveHousehold(name, NOBODY, 0));
    households.get(eventOf(name.client_id, "ada"));
  }
  for (const { client_id } of [...two, ...two]) {
    assert.equal(households.ahead(recordOf(client_id, "ada"), 0)?.name.client_id, client_id);
  }
});

Deno.test("LiveHouseholds tells names apart that together read alike", () => {
  const [arena, households] = [new Arena(), new LiveHouseholds<HouseholdEvent>()];
  for (const [client, user] of [["ab", "c"], ["a", "bc"], ['a"', "b"], ["a", '"b']] as const) {
    const event = eventOf(client, user);
    assert.equal(households.get(event), undefined);
    households.add(new LiveHousehold(new HouseholdName(event, arena), NOBODY, 0));
    assert.equal(households.get(event)!.name.client_id, client);
  }
});
