/** What a disaggregated second says of each device, by the names that its household has given. */
import { decodeEvent, disaggregatedSchema } from "../../shared/events.ts";
import { householdKey } from "../datasets/survey.ts";

/** How a record is explained beside its value; undefined where there is nothing to say. */
export type Explain = (value: Uint8Array | null) => string | undefined;

/** Explains disaggregated seconds: `kettle: 0.98, 1950 W; lamp: cannot be told`. @param names by {@link householdKey} */
export function namedDevices(names: ReadonlyMap<string, readonly string[]>): Explain {
  return (value) => {
    const decoded = decodeEvent(disaggregatedSchema, value);
    if (!decoded.ok) return undefined;
    const { on, watts } = decoded.event;
    return names.get(householdKey(decoded.event))?.slice(0, on.length).map((name, device) => {
      const [probability, power] = [on[device] ?? null, watts[device] ?? null];
      return probability === null || power === null
        ? `${name}: cannot be told`
        : `${name}: ${probability.toFixed(2)}, ${Math.round(power)} W`;
    }).join("; ");
  };
}
