/** All households that were heard of lately, each a way to its page. */
import { useState } from "preact/hooks";
import type { HouseholdsFound } from "../household/directory.ts";
import { useFetched, useServerEvents } from "./events.ts";
import { wattsText } from "./model_words.ts";
import { pathOf } from "./routes.ts";
import { Broken, Empty, Loading, MissedWorkers, Staleness } from "./states.tsx";

const EVERY_MS = 2000;

export function HouseholdsPage() {
  const [named, setNamed] = useState("");
  const path = `api/households?named=${encodeURIComponent(named)}`;
  const { data, problem } = useFetched<HouseholdsFound>(path, EVERY_MS);
  const live = useServerEvents("events/health", {});
  const isSaid = live.connection === "lost" || live.health?.log !== undefined;
  return (
    <>
      <h1>Households</h1>
      <Staleness live={live} />
      <MissedWorkers live={live} />
      {problem !== undefined && !isSaid && (
        <Broken what="The households do not come." problem={problem} />
      )}
      <label class="search">
        Find a household
        <input
          type="search"
          value={named}
          onInput={(event) => setNamed(event.currentTarget.value)}
        />
      </label>
      {data === undefined
        ? problem === undefined && <Loading what="the households" />
        : data.count > 0
        ? <HouseholdList found={data} />
        : named.trim() === ""
        ? <Empty>Nobody has published a reading yet.</Empty>
        : <Empty>No household is named like that.</Empty>}
    </>
  );
}

function HouseholdList(
  { found: { count, households } }: { readonly found: HouseholdsFound },
) {
  return (
    <>
      {count > households.length && (
        <p class="quiet">The first {households.length} of {count.toLocaleString("en")}.</p>
      )}
      <ul class="households">
        {households.map((household) => (
          <li key={`${household.username}/${household.client_id}`}>
            <a class="card" href={`#/${pathOf(household)}`}>
              <span>
                <b>{household.client_id}</b>
                <span class="owner">of {household.username}</span>
              </span>
              <span class="watts">{wattsText(household.consumption)}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
