/** What a model says of each device, in words for those who live with it. Pure. */
import type { Household } from "../../../shared/events.ts";
import type { ModelFigures } from "../household/household_state.ts";

export interface DeviceWords {
  readonly name: string;
  /** In a word or two. */
  readonly status: string;
  readonly isKnown: boolean;
  /** What it is, or what would help. */
  readonly text: string;
}

/** The name of each device; a number where nobody has named it. */
export function deviceNames(
  devices: Household["devices"] | undefined,
  count: number,
): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => devices?.[index]?.name ?? `device ${index + 1}`,
  );
}

/** Positions of the devices, in the order in which people want to see them. */
export function deviceOrder(
  devices: Household["devices"] | undefined,
  count: number,
): readonly number[] {
  const placeOf = (index: number) => devices?.[index]?.place ?? index;
  return Array.from({ length: count }, (_, index) => index)
    .sort((a, b) => placeOf(a) - placeOf(b));
}

/** In the order of `state_bitmap`. */
export function modelWords(model: ModelFigures, names: readonly string[]): DeviceWords[] {
  return model.devices.map(({ status, watts, watts_deviation, confusable_with }, index) => {
    const name = names[index] ?? `device ${index + 1}`;
    const others = (confusable_with ?? []).map((other) => names[other] ?? `device ${other + 1}`);
    const words = (short: string, text: string) => ({
      ...{ name, status: short, text },
      isKnown: status === "known",
    });
    switch (status) {
      case "known":
        return words(
          "known",
          `takes ${wattsText(watts)}, give or take ${wattsText(watts_deviation)}`,
        );
      case "learning":
        return words(
          "learning",
          "some more switches on and off while you label will tell its watts",
        );
      case "always_on":
        return words("always on", "was on in all labels: 30 labelled seconds without it will tell");
      case "never_on":
        return words("never on", "was off in all labels: 30 labelled seconds with it on will tell");
      case "confusable_with":
        return words(
          "looks alike",
          `${
            listOf([name, ...others])
          } look alike: 20 more seconds with just one of them on will tell`,
        );
      case "below_noise":
        return words("too small", `takes ${wattsText(watts)}, too little to be seen in the rest`);
      case "stale":
        return words(
          "forgotten",
          "not labelled for long: a minute with it on and off brings it back",
        );
    }
  });
}

export function wattsText(watts: number): string {
  if (Math.abs(watts) >= 10_000) {
    return `${(watts / 1000).toLocaleString("en", { maximumFractionDigits: 1 })} kW`;
  }
  const maximumFractionDigits = Math.abs(watts) < 10 ? 1 : 0;
  return `${watts.toLocaleString("en", { maximumFractionDigits })} W`;
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
