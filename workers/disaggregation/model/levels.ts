/**
 * The power levels of one declared vector: a dishwasher heats, then pumps; what nobody declares comes
 * and goes. Readings find their levels one by one; there are few, and the nearest two become one where
 * there would be too many. Pure.
 */

/** Levels of a vector at most. */
export const LEVELS_MAX = 4;
/** A reading is of a level that is no further away than this share of it, this, or so many deviations. */
const NEAR_SHARE = 0.08;
const NEAR_W = 8;
const NEAR_DEVIATIONS = 4;

/** A level. Weights fade, and need not be whole. */
export interface Level {
  /** Mean power, W. */
  power: number;
  /** Visits of which there are readings, and how many these are. */
  visits: number;
  readings: number;
  /** Sum over visits of the squared distance of their mean from `power`, W². */
  between: number;
  /** Sum over readings of the squared distance from their visit's mean, W². */
  within: number;
}

/** Takes in the readings of a visit, which counts `visit`. @param noiseW what is new in a reading. */
export function addVisit(
  levels: Level[],
  powers: readonly number[],
  { visit, noiseW, readingsMax }: {
    readonly visit: number;
    readonly noiseW: number;
    readonly readingsMax: number;
  },
): void {
  const groups = new Map<Level, number[]>();
  for (const power of powers) {
    let level = nearest(levels, power);
    if (level === undefined || !isNear(level, power, noiseW)) {
      level = { power, visits: 0, readings: 0, between: 0, within: 0 };
      levels.push(level);
    }
    const group = groups.get(level);
    if (group === undefined) groups.set(level, [power]);
    else group.push(power);
    // A new level follows what it begins with.
    if (level.readings === 0) level.power = meanOf(groups.get(level)!);
  }
  for (const [level, group] of groups) {
    addGroup(level, group, { visit, weight: visit * Math.min(1, readingsMax / powers.length) });
  }
  while (levels.length > LEVELS_MAX) mergeNearest(levels);
}

/** Makes what is known count `factor` of what it did. */
export function fadeLevel(level: Level, factor: number): void {
  level.visits *= factor;
  level.readings *= factor;
  level.between *= factor;
  level.within *= factor;
}

function nearest(levels: readonly Level[], power: number): Level | undefined {
  let best: Level | undefined;
  for (const level of levels) {
    if (best === undefined || Math.abs(level.power - power) < Math.abs(best.power - power)) {
      best = level;
    }
  }
  return best;
}

function isNear(level: Level, power: number, noiseW: number): boolean {
  const deviation = Math.sqrt(
    level.between / Math.max(1, level.visits) + level.within / Math.max(1, level.readings),
  );
  const reach = Math.max(
    NEAR_W,
    NEAR_SHARE * Math.abs(level.power),
    NEAR_DEVIATIONS * Math.max(noiseW, deviation),
  );
  return Math.abs(power - level.power) <= reach;
}

function addGroup(
  level: Level,
  group: readonly number[],
  { visit, weight }: { readonly visit: number; readonly weight: number },
): void {
  const mean = meanOf(group);
  let squares = 0;
  for (const power of group) squares += (power - mean) ** 2;
  const readings = weight * group.length;
  const off = mean - level.power;
  level.power += off * readings / (level.readings + readings);
  level.between += visit * off * (mean - level.power);
  level.within += weight * squares;
  level.visits += visit;
  level.readings += readings;
}

/** Makes one of the two levels that are nearest by their share. */
function mergeNearest(levels: Level[]): void {
  levels.sort((a, b) => a.power - b.power);
  let [best, least] = [1, Infinity];
  for (let index = 1; index < levels.length; index++) {
    const [low, high] = [levels[index - 1]!, levels[index]!];
    const weight = low.readings * high.readings / (low.readings + high.readings);
    const cost = weight * (high.power - low.power) ** 2;
    if (cost < least) [best, least] = [index, cost];
  }
  const [low, high] = [levels[best - 1]!, levels[best]!];
  const share = high.readings / (low.readings + high.readings);
  const off = high.power - low.power;
  low.between += high.between + off * off * share * (1 - share) * (low.visits + high.visits);
  low.within += high.within;
  low.power += share * off;
  low.visits += high.visits;
  low.readings += high.readings;
  levels.splice(best, 1);
}

function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
