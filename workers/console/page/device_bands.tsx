/** One band a device over the last minutes: probability as shade, what was declared as a line below. */
import { useEffect, useRef } from "preact/hooks";
import type { HouseholdSecond } from "../household/household_state.ts";
import { SHOWN_S } from "./household_view.ts";
import { wattsText } from "./model_words.ts";

/** Height of a band's parts, CSS pixels. */
const FOUND_HEIGHT = 22;
const DECLARED_HEIGHT = 5;
const HEIGHT = FOUND_HEIGHT + 3 + DECLARED_HEIGHT;
/** A state that was declared is drawn until the next, as long as that comes soon. */
const HELD_S_MAX = 5;

export interface BandsProps {
  readonly seconds: readonly HouseholdSecond[];
  readonly names: readonly string[];
  /** In which they stand, by position. */
  readonly order: readonly number[];
}

export function DeviceBands({ seconds, names, order }: BandsProps) {
  const newestFound = seconds.findLast(({ on }) => on !== undefined);
  const newestDeclared = seconds.findLast(({ declared }) => declared !== undefined);
  const newestS = seconds.at(-1)?.second ?? 0;
  const isLabelled = newestDeclared !== undefined &&
    newestS - newestDeclared.second <= HELD_S_MAX;
  return (
    <ul class="bands">
      {order.map((index) => {
        const name = names[index]!;
        const on = newestFound?.on?.[index] ?? undefined;
        const watts = newestFound?.watts?.[index] ?? undefined;
        const declared = isLabelled ? newestDeclared.declared?.[index] : undefined;
        return (
          <li key={`${index} ${name}`}>
            <span class="band-name">
              <b>{name}</b>
              <span>
                {on === undefined
                  ? "cannot be told yet"
                  : `${on >= 0.5 ? "on" : "off"}, ${Math.round(100 * on)} %`}
                {watts !== undefined && on !== undefined && on >= 0.5 && `, ${wattsText(watts)}`}
                {declared !== undefined && ` · declared ${declared ? "on" : "off"}`}
              </span>
            </span>
            <Band seconds={seconds} index={index} newestS={newestS} />
          </li>
        );
      })}
    </ul>
  );
}

function Band({ seconds, index, newestS }: {
  readonly seconds: readonly HouseholdSecond[];
  readonly index: number;
  readonly newestS: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    // The page may be left before what was drawn last is painted.
    if (canvas.current !== null) draw(canvas.current, { seconds, index, newestS });
  });
  return <canvas ref={canvas} class="band" aria-hidden="true" style={{ height: `${HEIGHT}px` }} />;
}

function draw(
  canvas: HTMLCanvasElement,
  { seconds, index, newestS }: {
    readonly seconds: readonly HouseholdSecond[];
    readonly index: number;
    readonly newestS: number;
  },
): void {
  const scale = devicePixelRatio;
  const width = canvas.clientWidth;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  const color = (name: string) => style.getPropertyValue(name).trim();
  context.scale(scale, scale);
  context.fillStyle = color("--ground");
  context.fillRect(0, 0, width, FOUND_HEIGHT);
  // On whole pixels: where two seconds met between them, both would shade it.
  const x = (second: number) =>
    Math.round(((second - newestS + SHOWN_S) / SHOWN_S) * width * scale) / scale;
  let lastFound: HouseholdSecond | undefined;
  let lastDeclared: HouseholdSecond | undefined;
  for (const each of seconds) {
    if (each.on !== undefined) {
      const probability = each.on[index];
      if (probability !== null && probability !== undefined) {
        context.globalAlpha = probability;
        context.fillStyle = color("--teal");
        const startS = begin(lastFound, each);
        context.fillRect(x(startS), 0, x(each.second) - x(startS), FOUND_HEIGHT);
      }
      lastFound = each;
    }
    if (each.declared === undefined) continue;
    context.globalAlpha = 1;
    context.fillStyle = color(each.declared[index] === true ? "--amber" : "--line");
    const startS = begin(lastDeclared, each);
    context.fillRect(
      x(startS),
      FOUND_HEIGHT + 3,
      x(each.second) - x(startS),
      DECLARED_HEIGHT,
    );
    lastDeclared = each;
  }
}

/** Readings come every second or three: what is between two belongs to the later one. */
function begin(last: HouseholdSecond | undefined, { second }: HouseholdSecond): number {
  const gapS = second - (last?.second ?? -Infinity);
  return gapS <= HELD_S_MAX ? second - gapS : second - 1;
}
