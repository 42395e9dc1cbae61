/** All households that were heard of lately, each a way to its page. */
import { useEffect, useState } from "preact/hooks";
import type { ListedHousehold } from "../household/directory.ts";
import { useFetched } from "./events.ts";
import { wattsText } from "./model_words.ts";
import { pathOf } from "./routes.ts";
import { Broken, Empty, Loading } from "./states.tsx";

const EVERY_MS = 5000;
/** Of thousands, one does not read all: whoever looks for one types its name. */
const SHOWN_MAX = 200;

export function HouseholdsPage() {
  const { data, problem, again } = useFetched<readonly ListedHousehold[]>("api/households");
  const [filter, setFilter] = useState("");
  useEffect(() => {
    const timer = setInterval(again, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <h1>Households</h1>
      {problem !== undefined && <Broken what="The households do not come." problem={problem} />}
      {data === undefined
        ? problem === undefined && <Loading what="the households" />
        : data.length === 0
        ? <Empty>Nobody has published a reading yet.</Empty>
        : (
          <>
            <label class="search">
              Find a household
              <input
                type="search"
                value={filter}
                onInput={(event) => setFilter(event.currentTarget.value)}
              />
            </label>
            <HouseholdList households={data} filter={filter} />
          </>
        )}
    </>
  );
}

function HouseholdList(
  { households, filter }: {
    readonly households: readonly ListedHousehold[];
    readonly filter: string;
  },
) {
  const wanted = filter.trim().toLowerCase();
  const found = households.filter(({ username, client_id }) =>
    `${username}/${client_id}`.toLowerCase().includes(wanted)
  );
  if (found.length === 0) return <Empty>No household is named like that.</Empty>;
  return (
    <>
      {found.length > SHOWN_MAX && (
        <p class="quiet">The first {SHOWN_MAX} of {found.length.toLocaleString("en")}.</p>
      )}
      <ul class="households">
        {found.slice(0, SHOWN_MAX).map((household) => (
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
