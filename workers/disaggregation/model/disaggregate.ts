/**
 * What a model says of a window: the devices at its middle second, which has the most to go by on
 * both sides. A function of the two alone.
 */
import type {
  DeviceStatus,
  Disaggregated,
  Model,
  PredictionWindow,
} from "../../../shared/events.ts";
import { jointStates } from "./joint_states.ts";
import type { PosteriorModel, Readings } from "./posterior_model.ts";

/** A model made ready for use. */
export interface ReadyModel extends PosteriorModel {
  readonly model: Model;
  /** Whether there is a device that can be told. */
  readonly isOfUse: boolean;
}

/** What tells which columns of a model are on. */
export interface WindowJudge {
  /** Whether it can tell anything of this household; without it, of all. */
  canJudge?(model: ReadyModel): boolean;
  /** The probability of each column to be on at reading `at`, into `on`. */
  columnsOn(model: ReadyModel, readings: Readings, at: number, on: Float64Array): void;
  /** What each is then expected to take, W; to be read before the next call. */
  readonly watts: Float64Array;
}

const TOLD: ReadonlySet<DeviceStatus> = new Set<DeviceStatus>(["known"]);

export function readyModel(model: Model): ReadyModel {
  return {
    model,
    states: jointStates(model),
    newVariance: model.new_variance,
    changeRate: model.change_rate,
    undeclaredRate: model.undeclared.rate,
    undeclaredW: model.undeclared.watts,
    isOfUse: model.devices.some(({ status }) => TOLD.has(status) || status === "confusable_with"),
  };
}

/** The middle second of a window. */
export function middleOf({ window_start, window_end }: PredictionWindow): number {
  return window_start + Math.floor((window_end - window_start) / 2);
}

/**
 * What is published of a window; undefined where the model tells no device, or nothing was read in
 * the middle second: then another window, or none, is about the reading next to it.
 */
export function disaggregate(
  ready: ReadyModel,
  window: PredictionWindow,
  judge: WindowJudge,
): Disaggregated | undefined {
  const { model } = ready;
  const timestamp = middleOf(window);
  const at = window.timestamps.indexOf(timestamp);
  if (!ready.isOfUse || at === -1 || judge.canJudge?.(ready) === false) return undefined;
  const consumption = window.consumption[at]!;
  const probabilities = new Float64Array(model.columns.length);
  judge.columnsOn(ready, window, at, probabilities);
  const on: (number | null)[] = new Array(model.devices.length).fill(null);
  const watts: (number | null)[] = new Array(model.devices.length).fill(null);
  let explained = 0;
  model.columns.forEach(({ devices }, column) => {
    const [device] = devices;
    if (devices.length > 1 || !TOLD.has(model.devices[device!]!.status)) return;
    const probability = Math.round(probabilities[column]! * 1000) / 1000;
    on[device!] = probability;
    watts[device!] = tenth(judge.watts[column]!);
    explained += watts[device!]!;
  });
  const groups = groupsOf(model, probabilities, judge.watts);
  for (const group of groups) explained += group.watts;
  return {
    client_id: model.client_id,
    username: model.username,
    timestamp,
    consumption,
    on,
    watts,
    unexplained: tenth(consumption - explained),
    ...(groups.length > 0 && { groups }),
    model_version: model.version,
  };
}

/** What is said of a device, told or not. */
export interface DeviceEstimate {
  readonly probability: number;
  readonly watts: number;
}

/** Each device's probability to be on, and its watts; undefined of those that never changed. */
export function devicesOn(
  ready: ReadyModel,
  readings: Readings,
  at: number,
  judge: WindowJudge,
): (DeviceEstimate | undefined)[] {
  const { model } = ready;
  const probabilities = new Float64Array(model.columns.length);
  judge.columnsOn(ready, readings, at, probabilities);
  const on: (DeviceEstimate | undefined)[] = new Array(model.devices.length).fill(undefined);
  model.columns.forEach(({ devices }, column) => {
    const watts = judge.watts[column]! / devices.length;
    for (const device of devices) on[device] = { probability: probabilities[column]!, watts };
  });
  return on;
}

/** Devices that cannot be told apart, as far as one leads to the other. */
function groupsOf(
  model: Model,
  probabilities: Float64Array,
  columnWatts: Float64Array,
): NonNullable<Disaggregated["groups"]> {
  const groupOf = new Map<number, number[]>();
  model.devices.forEach(({ status, confusable_with }, device) => {
    if (status !== "confusable_with") return;
    const others = confusable_with!.filter((other) =>
      model.devices[other]!.status === "confusable_with"
    );
    let group = groupOf.get(device) ?? [device];
    for (const other of others) {
      const theirs = groupOf.get(other) ?? [other];
      if (theirs !== group) group = [...group, ...theirs];
      for (const member of group) groupOf.set(member, group);
    }
    groupOf.set(device, group);
  });
  return [...new Set(groupOf.values())].filter((group) => group.length > 1).map((group) => {
    const devices = group.toSorted((a, b) => a - b);
    let [on, watts] = [0, 0];
    model.columns.forEach((column, index) => {
      if (!devices.includes(column.devices[0]!)) return;
      on += probabilities[index]! * column.devices.length;
      watts += columnWatts[index]!;
    });
    return { devices, on: Math.round(on * 1000) / 1000, watts: tenth(watts) };
  });
}

function tenth(watts: number): number {
  return Math.round(watts * 10) / 10;
}
