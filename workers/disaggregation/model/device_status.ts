/** What can be said of each device, honestly. Pure. */
import type { DeviceStatus, Model } from "../../../shared/events.ts";
import type { Learner } from "./learner.ts";
import type { WattsFit } from "./watts_fit.ts";

/** Watts known to no better than this share of them, or this, are still being learned. */
const LEARNING_SHARE = 0.25;
/** Readings in a row that a window brings of a state, more or less. */
const WINDOW_READINGS = 5;
/** A device that differs by fewer deviations of such a row is not seen. */
const DEVIATIONS_MIN = 1.5;
/** Labels of a device count for less than this many stretches, and it is stale. */
const STALE_STRETCHES = 0.2;

type DeviceModel = Model["devices"][number];

/** The status of each device of a model that is whole but for these. */
export function deviceStatuses(
  model: Model,
  { rows, deviceCount }: Learner,
  { covariance, columns }: WattsFit,
): DeviceModel[] {
  const size = Math.sqrt(covariance.length);
  const statuses: DeviceModel[] = Array.from({ length: deviceCount }, (_, device) => ({
    status: rows.some(({ bits }) => bits[device] === "1") ? "always_on" : "never_on",
    watts: 0,
    watts_deviation: 0,
  }));
  columns.forEach((devices, column) => {
    const { watts, variance } = model.columns[column]!;
    const deviation = Math.sqrt(covariance[column * size + column]!);
    const noise = windowDeviation(model, variance);
    const others = twinsOf(model, column);
    let evidence = 0;
    for (const { bits, entries } of rows) if (bits[devices[0]!] === "1") evidence += entries;
    let status: DeviceStatus = "known";
    if (deviation > Math.max(noise, LEARNING_SHARE * watts)) status = "learning";
    else if (evidence < STALE_STRETCHES) status = "stale";
    else if (watts < DEVIATIONS_MIN * noise) status = "below_noise";
    else if (others.length > 0 || devices.length > 1) status = "confusable_with";
    for (const device of devices) {
      statuses[device] = {
        status,
        watts: devices.length > 1 ? 0 : watts,
        watts_deviation: Number(deviation.toPrecision(3)),
        ...(status === "confusable_with" && {
          confusable_with: [...devices.filter((each) => each !== device), ...others]
            .sort((a, b) => a - b),
        }),
      };
    }
  });
  return statuses;
}

/** The standard deviation of the mean of a window's readings of one state, W. */
function windowDeviation({ base_variance, new_variance }: Model, variance: number): number {
  const persistent = Math.max(0, base_variance + variance - new_variance);
  return Math.sqrt(persistent + new_variance / WINDOW_READINGS);
}

/** The devices of other columns that take as much as this one. */
function twinsOf(model: Model, column: number): number[] {
  const own = model.columns[column]!;
  return model.columns.flatMap((other, index) => {
    if (index === column) return [];
    const noise = windowDeviation(model, Math.max(own.variance, other.variance));
    return Math.abs(own.watts - other.watts) < DEVIATIONS_MIN * noise ? other.devices : [];
  });
}
