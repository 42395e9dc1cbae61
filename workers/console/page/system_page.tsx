/** The page of the system: what flows, what is not well, how far everyone is. */
import { useState } from "preact/hooks";
import type { SystemPoint, SystemState } from "../system/system_state.ts";
import { Chart, type ChartLine } from "./chart.tsx";
import { DeadLetters } from "./dead_letters.tsx";
import { useServerEvents } from "./events.ts";
import { bytesText, countText, rateText, secondsText } from "./format.ts";
import { Pipeline } from "./pipeline.tsx";
import { Problems } from "./problems.tsx";
import { Records } from "./records.tsx";
import { isWell, LoadingLive, Staleness } from "./states.tsx";
import { ProcessTable, TaskTables } from "./tasks.tsx";

/** As the server keeps them: five minutes. */
const POINTS_MAX = 150;

const COLORS: Readonly<Record<string, string>> = {
  predictions: "--teal",
  training: "--amber",
  disaggregation: "--violet",
  publisher: "--green",
  bridge: "--blue",
  simulator: "--ink-2",
};

export function SystemPage() {
  const [points, setPoints] = useState<readonly SystemPoint[]>([]);
  const [state, setState] = useState<SystemState>();
  const live = useServerEvents("events/system", {
    history: (history: SystemPoint[]) => setPoints(history),
    system: (now: SystemState) => {
      setState(now);
      setPoints((before) =>
        before.at(-1)?.atMs === now.point.atMs ? before : [...before, now.point].slice(-POINTS_MAX)
      );
    },
  });
  return (
    <>
      <h1>System</h1>
      <Staleness live={live} />
      {state === undefined
        ? <LoadingLive what="the system" live={live} />
        : <SystemView state={state} points={points} isWell={isWell(live)} />}
    </>
  );
}

function SystemView(
  { state, points, isWell }: {
    readonly state: SystemState;
    readonly points: readonly SystemPoint[];
    readonly isWell: boolean;
  },
) {
  return (
    <>
      {(isWell || state.problems.length > 0) && <Problems problems={state.problems} />}
      <section class="card" aria-label="What flows">
        <Pipeline state={state} />
      </section>
      <SystemCharts points={points} />
      <section aria-labelledby="tasks">
        <h2 id="tasks">Tasks</h2>
        <TaskTables workers={state.rates.workers} nowMs={state.point.atMs} />
      </section>
      <section aria-labelledby="processes">
        <h2 id="processes">Processes</h2>
        <ProcessTable processes={state.processes} />
      </section>
      <section aria-labelledby="topics">
        <h2 id="topics">Topics</h2>
        <TopicTable topics={state.rates.topics} />
      </section>
      <Records />
      <DeadLetters count={state.point.deadLetters} />
    </>
  );
}

function SystemCharts({ points }: { readonly points: readonly SystemPoint[] }) {
  const times = points.map(({ atMs }) => atMs / 1000);
  const byWorker = (read: (point: SystemPoint) => Readonly<Record<string, number>>) => {
    const names = new Set(points.flatMap((point) => Object.keys(read(point))));
    return [...names].filter((name) => name in COLORS).map((label): ChartLine => ({
      label,
      color: COLORS[label]!,
      values: points.map((point) => read(point)[label] ?? null),
    }));
  };
  const perMinute = (read: (point: SystemPoint) => number) =>
    points.map((point, index) => index === 0 ? null : growthOf(points[index - 1]!, point, read));
  return (
    <section aria-labelledby="minutes">
      <h2 id="minutes">The last five minutes</h2>
      <div class="charts">
        <Chart
          title="Records read a second"
          times={times}
          lines={byWorker(({ readPerS }) => readPerS)}
          text={rateText}
        />
        <Chart
          title="Lag, records"
          times={times}
          lines={byWorker(({ lag }) => lag)}
          text={countText}
        />
        <Chart
          title="Append to commit, 95 %"
          times={times}
          lines={byWorker(({ latencyS }) => latencyS)}
          text={secondsText}
        />
        <Chart
          title="Late and refused, a minute"
          times={times}
          lines={[
            { label: "late", color: "--amber", values: perMinute(({ late }) => late) },
            {
              label: "dead letters",
              color: "--red",
              values: perMinute((each) => each.deadLetters),
            },
          ]}
          text={rateText}
        />
      </div>
    </section>
  );
}

function growthOf(
  before: SystemPoint,
  now: SystemPoint,
  read: (point: SystemPoint) => number,
): number {
  const minutes = (now.atMs - before.atMs) / 60_000;
  return minutes <= 0 ? 0 : Math.max(0, read(now) - read(before)) / minutes;
}

function TopicTable({ topics }: { readonly topics: SystemState["rates"]["topics"] }) {
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Table of topics">
      <table>
        <thead>
          <tr>
            <th scope="col">topic</th>
            <th scope="col" class="number">records</th>
            <th scope="col" class="number">a second</th>
            <th scope="col" class="number">size</th>
          </tr>
        </thead>
        <tbody>
          {topics.map(({ topic, records, recordsPerS, bytes }) => (
            <tr key={topic}>
              <th scope="row">{topic}</th>
              <td class="number">{countText(records)}</td>
              <td class="number">{rateText(recordsPerS)}</td>
              <td class="number">{bytesText(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
