/**
 * Loads that show what an engine makes of what happens in real houses, each in the order in which the
 * log takes it.
 */
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../../shared/topics.ts";
import type { LoadRecord } from "../household_load.ts";

export interface FaultLoad {
  readonly name: string;
  readonly records: readonly LoadRecord[];
  /** Where the engine is killed: what it has in its hands then, and what comes after that. */
  readonly kill?: {
    readonly inHand: readonly LoadRecord[];
    readonly after: readonly LoadRecord[];
  };
}

const HOUSEHOLDS = 100;
const DURATION_S = 240;
/** Seconds of a labelled spell and of an unlabelled one. */
const SPELL_S = 66;
const DAY_S = 86_400;
/** What closes all comes so long after the rest. */
const CLOSING_S = 60;
/** Of so many households what they kept comes side by side: none waits until it counts as silent. */
const OUTAGE = { fromS: 80, toS: 200, together: 25 };
/** The seconds that are in the hands of an engine when it is killed. */
const KILL = { fromS: 100, toS: 130 };

/** A second of a household: its reading, and its state where it labels. */
interface Second {
  readonly household: number;
  readonly second: number;
  readonly records: readonly LoadRecord[];
}

/** All loads; the newest event time is before `nowS`, so that only a wrong clock is in the future. */
export function faultLoads(nowS: number): FaultLoad[] {
  const startS = nowS - DURATION_S - CLOSING_S - 10;
  const rightClock = () => 0;
  const seconds = secondsOf(startS, rightClock);
  const closing = closingOf(startS, rightClock);
  // One household is a day ahead from its second minute on.
  const wrongClock = (household: number, second: number) =>
    household === 0 && second >= 60 ? DAY_S : 0;
  const cut = (from: number, to: number) =>
    recordsOf(seconds.filter(({ second }) => second >= from && second < to));
  return [
    { name: "late readings", records: [...recordsOf(lately(seconds)), ...closing] },
    {
      name: "one wrong clock",
      records: [
        ...recordsOf(secondsOf(startS, wrongClock)),
        ...closingOf(startS, wrongClock),
      ],
    },
    {
      name: "kill -9",
      records: cut(0, KILL.fromS),
      kill: {
        inHand: cut(KILL.fromS, KILL.toS),
        after: [...cut(KILL.toS, DURATION_S), ...closing],
      },
    },
    { name: "outage of everyone", records: [...recordsOf(afterOutage(seconds)), ...closing] },
  ];
}

/** Some seconds come within the lateness allowed, some when a few of their windows are closed, some later. */
function lately(seconds: readonly Second[]): Second[] {
  const delayOf = ({ household, second }: Second) => {
    const draw = (household * 31 + second * 17) % 200;
    return draw < 4 ? 3 : draw < 6 ? 12 : draw < 7 ? 40 : 0;
  };
  return seconds.toSorted((a, b) => a.second + delayOf(a) - (b.second + delayOf(b)));
}

/** After the outage the households bring what they kept, some after the others. */
function afterOutage(seconds: readonly Second[]): Second[] {
  const groupOf = ({ household }: Second) => Math.floor(household / OUTAGE.together);
  const during = (each: Second) => each.second >= OUTAGE.fromS && each.second < OUTAGE.toS;
  return [
    ...seconds.filter(({ second }) => second < OUTAGE.fromS),
    ...seconds.filter(during).toSorted((a, b) => groupOf(a) - groupOf(b)),
    ...seconds.filter(({ second }) => second >= OUTAGE.toS),
  ];
}

type ClockError = (household: number, second: number) => number;

function secondsOf(startS: number, errorOf: ClockError): Second[] {
  return Array.from({ length: DURATION_S * HOUSEHOLDS }, (_, index) => {
    const household = index % HOUSEHOLDS;
    const second = Math.floor(index / HOUSEHOLDS);
    const isLabelled = Math.floor((second + household) / SPELL_S) % 2 === 0;
    const timestamp = startS + second + errorOf(household, second);
    const records = eventsOf(household, timestamp, (index * 7919) % 30_000 / 10, isLabelled);
    return { household, second, records };
  });
}

/** Closes every full window and every session before it. */
function closingOf(startS: number, errorOf: ClockError): LoadRecord[] {
  const second = DURATION_S + CLOSING_S;
  return Array.from(
    { length: HOUSEHOLDS },
    (_, household) => eventsOf(household, startS + second + errorOf(household, second), 0, true),
  ).flat();
}

function eventsOf(
  household: number,
  timestamp: number,
  consumption: number,
  isLabelled: boolean,
): LoadRecord[] {
  const key = `household-${household}`;
  const recordOf = (topic: string, own: object) => ({
    ...{ topic, timestamp, key },
    value: JSON.stringify({ client_id: key, username: `user-${household}`, timestamp, ...own }),
  });
  const reading = recordOf(POWER_TOPIC, { consumption });
  if (!isLabelled) return [reading];
  return [reading, recordOf(DEVICE_STATE_TOPIC, { state_bitmap: [timestamp % 2 === 0, true] })];
}

function recordsOf(seconds: readonly Second[]): LoadRecord[] {
  return seconds.flatMap(({ records }) => records);
}
