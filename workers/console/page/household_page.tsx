/** The page of one household: its power, what is on, what is being learned, and its datasets. */
import { useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { HouseholdUpdate } from "../household/household_state.ts";
import { Chart } from "./chart.tsx";
import { DeviceBands } from "./device_bands.tsx";
import { useServerEvents } from "./events.ts";
import { countText, timeText } from "./format.ts";
import { deviceCountOf, type HouseholdKnown, openSession, withUpdate } from "./household_view.ts";
import { ModelCard } from "./model_card.tsx";
import { deviceNames, wattsText } from "./model_words.ts";
import { PowerChart } from "./power_chart.tsx";
import { pathOf } from "./routes.ts";
import { useMayLabel } from "./viewing.ts";
import { Empty, Loading, Staleness } from "./states.tsx";

/** As the training worker has it where nothing is set. */
const GAP_S = 5;
const MIN_DURATION_S = 30;

const NOTHING: HouseholdKnown = { seconds: [] };

export function HouseholdPage({ household }: { readonly household: HouseholdIdentity }) {
  const [known, setKnown] = useState<HouseholdKnown>();
  const [isPaused, setPaused] = useState(false);
  const [away, setAway] = useState<string>();
  const take = (update: HouseholdUpdate) => {
    setAway(undefined);
    setKnown((before) => withUpdate(before ?? NOTHING, update));
  };
  const connection = useServerEvents(isPaused ? undefined : `events/${pathOf(household)}`, {
    household: take,
    update: take,
    away: ({ problem }: { problem: string }) => setAway(problem),
  });
  const newest = known?.seconds.findLast(({ consumption }) => consumption !== undefined);
  const mayLabel = useMayLabel(household);
  return (
    <>
      <div class="title">
        <div>
          <h1>{household.client_id}</h1>
          <p class="quiet">
            of {household.username}
            {mayLabel && (
              <>
                {" "}· <a href={`#/${pathOf(household)}/label`}>say what is on</a>
              </>
            )}
          </p>
        </div>
        {newest !== undefined && (
          <p class="now">
            <b>{wattsText(newest.consumption!)}</b>
            <span>{isPaused ? "at" : "now,"} {timeText(newest.second * 1000)}</span>
          </p>
        )}
        {known !== undefined && (
          <button
            type="button"
            aria-pressed={isPaused}
            onClick={() => setPaused(!isPaused)}
          >
            {isPaused ? "Go on" : "Pause"}
          </button>
        )}
      </div>
      {!isPaused && <Staleness connection={connection} away={away} />}
      {known === undefined
        ? away === undefined && connection !== "lost" && <Loading what="the household" />
        : known.seconds.length === 0
        ? <Empty>Nothing was heard of this household lately. It shows here as soon as it is.</Empty>
        : <HouseholdView household={household} known={known} />}
    </>
  );
}

function HouseholdView(
  { household, known }: {
    readonly household: HouseholdIdentity;
    readonly known: HouseholdKnown;
  },
) {
  const names = deviceNames(known.devices, deviceCountOf(known));
  return (
    <>
      <PowerChart seconds={known.seconds} names={names} />
      <section aria-labelledby="devices">
        <h2 id="devices">Devices</h2>
        {names.length === 0
          ? <Empty>Nobody has said yet which devices there are.</Empty>
          : (
            <div class="card">
              <p class="quiet">
                The stronger the colour, the likelier it is on; below, in amber, what was declared.
                The newest seconds follow about 10 s later.
              </p>
              <DeviceBands seconds={known.seconds} names={names} />
            </div>
          )}
      </section>
      <div class="pair">
        <section aria-labelledby="model">
          <h2 id="model">What is learned</h2>
          <ModelCard model={known.model} names={names} />
        </section>
        <section aria-labelledby="window">
          <h2 id="window">The newest window</h2>
          <WindowChart window={known.window} />
        </section>
      </div>
      <section aria-labelledby="datasets">
        <h2 id="datasets">Labelled stretches</h2>
        <Session known={known} />
        <Datasets household={household} datasets={known.datasets} />
      </section>
    </>
  );
}

function WindowChart({ window }: { readonly window: HouseholdKnown["window"] }) {
  if (window === undefined) return <Empty>The first window closes after 20 s of readings.</Empty>;
  const { window_start, window_end, timestamps, consumption } = window;
  const span = `${timeText(window_start * 1000)} to ${timeText(window_end * 1000)}`;
  const lines = [{ label: "power", color: "--teal", values: consumption }];
  return (
    <>
      <Chart title={span} times={timestamps} lines={lines} text={wattsText} height={180} />
      <p class="quiet">{timestamps.length} readings, as the model gets them.</p>
    </>
  );
}

function Session({ known }: { readonly known: HouseholdKnown }) {
  const session = openSession(known, GAP_S);
  if (session === undefined) {
    return <p class="quiet">Nobody is labelling now: a dataset begins when somebody does.</p>;
  }
  const seconds = session.endS - session.startS;
  return (
    <p class="card all-well" role="status">
      <span class="dot" />
      Labelled for {seconds} s{seconds > MIN_DURATION_S
        ? ": it becomes a dataset when it ends."
        : `: from ${MIN_DURATION_S + 1} s on it becomes a dataset.`}
    </p>
  );
}

function Datasets({ household, datasets }: {
  readonly household: HouseholdIdentity;
  readonly datasets: HouseholdKnown["datasets"];
}) {
  if (datasets === undefined) return <Empty>There is no dataset yet.</Empty>;
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Table of datasets">
      <table>
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <th scope="col" class="number">seconds</th>
            <th scope="col">download</th>
          </tr>
        </thead>
        <tbody>
          {datasets.map(({ startS, endS, seconds }) => (
            <tr key={startS}>
              <td>{new Date(startS * 1000).toLocaleString("en-GB")}</td>
              <td>{timeText(endS * 1000)}</td>
              <td class="number">{countText(seconds)}</td>
              <td class="files">
                {["json", "csv"].map((format) => (
                  <a
                    key={format}
                    href={`api/${pathOf(household)}/datasets/${startS}.${format}`}
                    aria-label={`${format.toUpperCase()} of ${timeText(startS * 1000)}`}
                    download
                  >
                    {format.toUpperCase()}
                  </a>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
