/** What has been used today, in all and by each device. */
import type { EnergyFigures } from "../household/day_energy.ts";
import { energyText, timeText } from "./format.ts";
import { Empty } from "./states.tsx";

export function EnergyCard({ energy, names }: {
  readonly energy: EnergyFigures | undefined;
  readonly names: readonly string[];
}) {
  if (energy === undefined) {
    return <Empty>Energy is counted once the model says what devices take.</Empty>;
  }
  const { sinceS, totalWs, devicesWs, unexplainedWs } = energy;
  const rows = names.map((name, index) => ({ name, usedWs: devicesWs[index] ?? 0 }))
    .sort((a, b) => b.usedWs - a.usedWs);
  const most = Math.max(1, unexplainedWs, ...devicesWs);
  return (
    <div class="card">
      <p>
        <b>{energyText(totalWs)}</b> since {timeText(sinceS * 1000)}
        <span class="quiet">
          , as far back as the console reads.
        </span>
      </p>
      <dl class="energy">
        {[...rows, { name: "unexplained", usedWs: unexplainedWs }].map((
          { name, usedWs },
          index,
        ) => (
          <div key={`${index} ${name}`}>
            <dt>{name}</dt>
            <dd>
              <span
                class="share"
                style={{ width: `${Math.max(0, 100 * usedWs / most).toFixed(1)}%` }}
                aria-hidden="true"
              />
              {energyText(usedWs)}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
