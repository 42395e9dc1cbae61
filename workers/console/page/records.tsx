/** What the log holds of a household, record by record: for who wants to see it as it is. */
import { useState } from "preact/hooks";
import type { HouseholdRecord } from "../household/records.ts";
import { useFetched } from "./events.ts";
import { pathOf } from "./routes.ts";
import { Broken, Empty, Loading } from "./states.tsx";

const TOPICS = [
  ...["power", "device-state", "predictions", "dataset2train", "models", "disaggregated"],
  "household",
];
/** It begins so long ago where nobody says when. */
const AGO_MS = 60_000;

export function Records() {
  const [topic, setTopic] = useState(TOPICS[0]!);
  const [named, setNamed] = useState("");
  const [since, setSince] = useState(() => localText(Date.now() - AGO_MS));
  const [path, setPath] = useState<string>();
  const look = (event: Event) => {
    event.preventDefault();
    const [username = "", client_id = ""] = named.trim().split(/\/(.*)/);
    const sinceS = Math.floor(new Date(since).getTime() / 1000);
    setPath(`api/${pathOf({ username, client_id })}/records/${topic}/${sinceS}`);
  };
  return (
    <section aria-labelledby="records">
      <h2 id="records">Records</h2>
      <form class="card records" onSubmit={look}>
        <label>
          Household
          <input
            required
            pattern="[^\/]+/.+"
            placeholder="user/household"
            title="user/household"
            value={named}
            onInput={(event) => setNamed(event.currentTarget.value)}
          />
        </label>
        <label>
          Topic
          <select value={topic} onChange={(event) => setTopic(event.currentTarget.value)}>
            {TOPICS.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label>
          Taken by the log since
          <input
            type="datetime-local"
            step={1}
            required
            value={since}
            onInput={(event) => setSince(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Look</button>
      </form>
      {path !== undefined && <Found key={path} path={path} />}
    </section>
  );
}

function Found({ path }: { readonly path: string }) {
  const { data, problem } = useFetched<readonly HouseholdRecord[]>(path);
  if (problem !== undefined) return <Broken what="The records do not come." problem={problem} />;
  if (data === undefined) return <Loading what="the records" />;
  if (data.length === 0) return <Empty>The log has taken none of this household since.</Empty>;
  return (
    <div class="card scroll long" tabIndex={0} role="region" aria-label="Table of records">
      <table>
        <thead>
          <tr>
            <th scope="col">taken at</th>
            <th scope="col" class="number">partition</th>
            <th scope="col" class="number">offset</th>
            <th scope="col">record</th>
          </tr>
        </thead>
        <tbody>
          {data.map(({ partition, offset, appendMs, event }) => (
            <tr key={offset}>
              <td>{new Date(appendMs).toLocaleString("en-GB")}</td>
              <td class="number">{partition}</td>
              <td class="number">{offset}</td>
              <td class="text">
                <code>{JSON.stringify(event)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** As an input of local time has it. */
function localText(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 19);
}
