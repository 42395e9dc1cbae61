/** Numbers, sizes and times as people read them. */

export function countText(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A rate: one decimal where it is small. */
export function rateText(value: number): string {
  return value >= 100 ? countText(value) : value.toLocaleString("en", { maximumFractionDigits: 1 });
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "";
  for (const each of units) {
    if (value < 999.5) break;
    value /= 1000;
    unit = each;
  }
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 })} ${unit}`;
}

export function secondsText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toLocaleString("en", { maximumFractionDigits: 1 })} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function timeText(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}

export function energyText(wattSeconds: number): string {
  const wattHours = wattSeconds / 3600;
  if (Math.abs(wattHours) < 1000) {
    return `${wattHours.toFixed(Math.abs(wattHours) < 10 ? 1 : 0)} Wh`;
  }
  return `${(wattHours / 1000).toFixed(2)} kWh`;
}
