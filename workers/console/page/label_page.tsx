/** The page on which a person says what is on: a large switch a device, and whether it arrives. */
import { useEffect, useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { HouseholdUpdate } from "../household/household_state.ts";
import { DeviceNames } from "./device_names.tsx";
import { useServerEvents } from "./events.ts";
import {
  deviceCountOf,
  type HouseholdKnown,
  MIN_DURATION_S,
  openSession,
  withUpdate,
} from "./household_view.ts";
import { deviceNames, deviceOrder, modelWords, wattsText } from "./model_words.ts";
import { questionOf } from "./question.ts";
import { pathOf } from "./routes.ts";
import { LoadingLive, MissedWorkers, Staleness } from "./states.tsx";
import { useLabelling } from "./use_labelling.ts";

/** By then a second that was said must have met its reading. */
const FUSED_AFTER_S = 10;
const ASKED_AGAIN_S = 20;

export function LabelPage({ household }: { readonly household: HouseholdIdentity }) {
  const [known, setKnown] = useState<HouseholdKnown>();
  const take = (update: HouseholdUpdate) =>
    setKnown((before) => withUpdate(before ?? { seconds: [] }, update));
  const live = useServerEvents(`events/${pathOf(household)}`, {
    household: take,
    update: take,
  });
  return (
    <>
      <div class="title">
        <div>
          <h1>Label {household.client_id}</h1>
          <p class="quiet">
            of {household.username} · <a href={`#/${pathOf(household)}`}>what is found</a>
          </p>
        </div>
        <Now known={known} />
      </div>
      <Staleness live={live} />
      <MissedWorkers live={live} />
      {known === undefined
        ? <LoadingLive what="the household" live={live} />
        : <Switches household={household} known={known} />}
    </>
  );
}

function newestOf({ seconds }: HouseholdKnown) {
  return seconds.findLast(({ consumption }) => consumption !== undefined);
}

function Now({ known }: { readonly known: HouseholdKnown | undefined }) {
  const newest = known && newestOf(known);
  if (newest === undefined) return null;
  return (
    <p class="now">
      <b>{wattsText(newest.consumption!)}</b>
      <span>now</span>
    </p>
  );
}

function Switches(
  { household, known }: {
    readonly household: HouseholdIdentity;
    readonly known: HouseholdKnown;
  },
) {
  const count = deviceCountOf(known);
  const names = deviceNames(known.devices, count);
  const [on, setOn] = useState<readonly boolean[]>([]);
  const [isLabelling, setLabelling] = useState(false);
  const vector = names.map((_, index) => on[index] ?? false);
  const { problem, startedMs } = useLabelling(household, isLabelling ? vector : undefined);
  const set = (index: number, isOn: boolean) =>
    setOn(vector.map((each, at) => at === index ? isOn : each));
  return (
    <>
      {count > 0 && (
        <button
          type="button"
          class={`label-button ${isLabelling ? "active" : ""}`}
          onClick={() => setLabelling(!isLabelling)}
        >
          {isLabelling ? "Stop labelling" : "I am labelling"}
        </button>
      )}
      <Fusing known={known} startedMs={startedMs} problem={problem} />
      {isLabelling && <Asked known={known} names={names} onAnswer={set} />}
      <ul class="switches">
        {deviceOrder(known.devices, count).map((index) => (
          <li key={index}>
            <button
              type="button"
              role="switch"
              aria-checked={vector[index]!}
              class="switch"
              onClick={() => set(index, !vector[index])}
            >
              <span>{names[index]}</span>
              <span class="knob" aria-hidden="true">{vector[index] ? "on" : "off"}</span>
            </button>
          </li>
        ))}
      </ul>
      <Advice known={known} names={names} />
      {!isLabelling && (
        <DeviceNames
          key={JSON.stringify([names, known.devices])}
          household={household}
          devices={names.map((name, index) => known.devices?.[index] ?? { name })}
          powerW={newestOf(known)?.consumption}
        />
      )}
    </>
  );
}

/** A question, where an answer is worth most; after an answer none for a while. */
function Asked({ known, names, onAnswer }: {
  readonly known: HouseholdKnown;
  readonly names: readonly string[];
  readonly onAnswer: (device: number, isOn: boolean) => void;
}) {
  const [answeredS, setAnsweredS] = useState(-Infinity);
  const newestS = known.seconds.at(-1)?.second ?? 0;
  const question = questionOf(known, names);
  if (question === undefined || newestS - answeredS < ASKED_AGAIN_S) return null;
  const { device, text, isOnIfYes } = question;
  const answer = (isOn: boolean) => {
    setAnsweredS(newestS);
    onAnswer(device, isOn);
  };
  return (
    <div class="card asked" role="group" aria-label="A question">
      <p role="status">{text}</p>
      <div class="buttons">
        <button type="button" class="main" onClick={() => answer(isOnIfYes)}>Yes</button>
        <button type="button" onClick={() => answer(!isOnIfYes)}>No</button>
        <button type="button" onClick={() => setAnsweredS(newestS)}>I cannot tell</button>
      </div>
    </div>
  );
}

/** Whether what is said meets readings, and what is missing where it does not. */
function Fusing({ known, startedMs, problem }: {
  readonly known: HouseholdKnown;
  readonly startedMs: number | undefined;
  readonly problem: string | undefined;
}) {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (startedMs === undefined) {
    return (
      <p class="quiet">
        Set the switches as your devices are now, then begin. What you say counts from then on,
        second by second, until you stop or leave this page.
      </p>
    );
  }
  if (problem !== undefined) {
    return (
      <p class="state broken" role="alert">
        <b>Your labels do not arrive.</b> {problem}
      </p>
    );
  }
  const session = openSession(known);
  const isOurs = session !== undefined && session.endS * 1000 >= startedMs - 1000;
  if (!isOurs) {
    const isLate = nowMs - startedMs > FUSED_AFTER_S * 1000;
    return isLate
      ? (
        <p class="state broken" role="alert">
          <b>No reading meets your labels.</b>{" "}
          The meter has sent none for these seconds, or its clock is wrong.
        </p>
      )
      : <p class="card" role="status">The first seconds arrive within 4 s …</p>;
  }
  const seconds = session.endS - session.startS;
  const rest = MIN_DURATION_S + 1 - seconds;
  return (
    <p class="card all-well" role="status">
      <span class="dot" />
      It works: {seconds} s are labelled.{" "}
      {rest > 0 ? `${rest} more, and they are a lesson.` : "They are a lesson when you stop."}
    </p>
  );
}

/** What one more minute would teach. */
function Advice(
  { known, names }: { readonly known: HouseholdKnown; readonly names: readonly string[] },
) {
  if (known.model === undefined) return null;
  const open = modelWords(known.model, names).filter(({ isKnown }) => !isKnown);
  return (
    <section aria-labelledby="advice">
      <h2 id="advice">What a minute more would teach</h2>
      <ul class="words card">
        {open.length === 0
          ? <li>All devices are known. Now and then a minute keeps it so.</li>
          : open.map(({ name, text }, index) => (
            <li key={`${index} ${name}`}>
              <b>{name}</b>
              <span class="why">{text}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}
