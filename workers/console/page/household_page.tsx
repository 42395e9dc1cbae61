/** The page of one household: its power, what is on, what is being learned, and its datasets. */
import { useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { HouseholdUpdate } from "../household/household_state.ts";
import { Chart } from "./chart.tsx";
import { DeviceBands } from "./device_bands.tsx";
import { useServerEvents } from "./events.ts";
import { EnergyCard } from "./energy_card.tsx";
import { timeText } from "./format.ts";
import { deviceCountOf, type HouseholdKnown, shownSeconds, withUpdate } from "./household_view.ts";
import { LessonsChart } from "./lessons_chart.tsx";
import { ModelCard } from "./model_card.tsx";
import { deviceNames, deviceOrder, wattsText } from "./model_words.ts";
import { PowerChart } from "./power_chart.tsx";
import { pathOf } from "./routes.ts";
import { Sessions } from "./sessions.tsx";
import { useMayLabel } from "./viewing.ts";
import { Empty, LoadingLive, MissedWorkers, Staleness } from "./states.tsx";
import { TimeBar, usePast } from "./time_bar.tsx";

const NOTHING: HouseholdKnown = { seconds: [] };

/** What is there while the past is still on its way. */
const secondsUntil = ({ seconds }: HouseholdKnown, endS: number) =>
  seconds.filter(({ second }) => second <= endS);

/** The newest second; of a household that is silent, this one: it has a past too. */
const endOf = ({ seconds }: HouseholdKnown) =>
  seconds.at(-1)?.second ?? Math.floor(Date.now() / 1000);

export function HouseholdPage({ household }: { readonly household: HouseholdIdentity }) {
  const [known, setKnown] = useState<HouseholdKnown>();
  const [pausedS, setPausedS] = useState<number>();
  const isPaused = pausedS !== undefined;
  const take = (update: HouseholdUpdate) =>
    setKnown((before) => withUpdate(before ?? NOTHING, update));
  const live = useServerEvents(`events/${pathOf(household)}`, {
    household: take,
    update: take,
  });
  const view = usePast(household, pausedS);
  const shown = known && isPaused
    ? { ...known, seconds: view.past?.seconds ?? secondsUntil(known, pausedS) }
    : known;
  const newest = shown?.seconds.findLast(({ consumption }) => consumption !== undefined);
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
            onClick={() => setPausedS(isPaused ? undefined : endOf(known))}
          >
            {isPaused ? "Go on" : "Pause"}
          </button>
        )}
      </div>
      <Staleness live={live} />
      <MissedWorkers live={live} />
      {pausedS !== undefined && <TimeBar view={view} pausedS={pausedS} />}
      {shown === undefined
        ? <LoadingLive what="the household" live={live} />
        : shown.seconds.length === 0
        ? (
          <Empty>
            {isPaused
              ? "Nothing was heard of this household then."
              : "Nothing was heard of this household lately. It shows here as soon as it is."}
          </Empty>
        )
        : <HouseholdView household={household} known={shown} isPast={isPaused} />}
    </>
  );
}

function HouseholdView(
  { household, known, isPast }: {
    readonly household: HouseholdIdentity;
    readonly known: HouseholdKnown;
    readonly isPast: boolean;
  },
) {
  const names = deviceNames(known.devices, deviceCountOf(known));
  const order = deviceOrder(known.devices, names.length);
  const seconds = shownSeconds(known);
  return (
    <>
      <PowerChart seconds={seconds} names={names} />
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
              <DeviceBands seconds={seconds} names={names} order={order} />
            </div>
          )}
      </section>
      {!isPast && (
        <section aria-labelledby="energy">
          <h2 id="energy">Energy today</h2>
          <EnergyCard energy={known.energy} names={names} />
        </section>
      )}
      <div class="pair">
        <section aria-labelledby="model">
          <h2 id="model">What is learned</h2>
          <ModelCard model={known.model} names={names} order={order} />
          <LessonsChart lessons={known.lessons} />
        </section>
        <section aria-labelledby="window">
          <h2 id="window">The newest window</h2>
          <WindowChart window={known.window} />
        </section>
      </div>
      <section aria-labelledby="datasets">
        <h2 id="datasets">Labelled stretches</h2>
        <Sessions household={household} known={known} />
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
