/** The devices of a household: name and order them, say or measure what they take, add, remove the last. */
import { useState } from "preact/hooks";
import type { Household, HouseholdIdentity } from "../../../shared/events.ts";
import { sendJson } from "./events.ts";
import { deviceOrder, wattsText } from "./model_words.ts";
import { pathOf } from "./routes.ts";

type Device = Household["devices"][number];

/** A measurement: off, then on. */
interface Measuring {
  readonly index: number;
  readonly offW: number;
}

export function DeviceNames({ household, devices, powerW }: {
  readonly household: HouseholdIdentity;
  readonly devices: readonly Device[];
  /** Of the newest reading. */
  readonly powerW: number | undefined;
}) {
  const [edited, setEdited] = useState(devices.length === 0 ? [{ name: "" }] : devices);
  const [measuring, setMeasuring] = useState<Measuring>();
  const [said, setSaid] = useState("");
  const change = (index: number, device: Device) =>
    setEdited(edited.map((each, at) => at === index ? device : each));
  const say = (index: number, watts: number) => {
    const { watts: _, ...device } = edited[index]!;
    change(index, watts > 0 ? { ...device, watts } : device);
  };
  const order = deviceOrder([...edited], edited.length);
  /** To the one before it: what its position stands for stays. */
  const moveUp = (place: number) => {
    const moved = order.with(place - 1, order[place]!).with(place, order[place - 1]!);
    setEdited(edited.map((device, index) => ({ ...device, place: moved.indexOf(index) })));
  };
  const measure = (index: number) => {
    if (powerW === undefined) return;
    if (measuring?.index !== index) {
      setMeasuring({ index, offW: powerW });
      return;
    }
    say(index, Math.max(0, Math.round(powerW - measuring.offW)));
    setMeasuring(undefined);
  };
  const save = async (event: Event) => {
    event.preventDefault();
    const named = edited.map(({ name, ...device }, index) => ({
      ...device,
      name: name.trim() || `device ${index + 1}`,
    }));
    try {
      await sendJson("PUT", `api/${pathOf(household)}/devices`, { devices: named });
      setSaid("Saved.");
    } catch (error) {
      setSaid(`Not saved: ${(error as Error).message}`);
    }
  };
  return (
    <section aria-labelledby="names">
      <h2 id="names">Devices</h2>
      <form class="card names" onSubmit={save}>
        {order.map((index, place) => {
          const device = edited[index]!;
          const called = device.name.trim() || `device ${index + 1}`;
          return (
            <fieldset key={index}>
              <label>
                Name of device {index + 1}
                <input
                  value={device.name}
                  maxLength={100}
                  onInput={(event) => change(index, { ...device, name: event.currentTarget.value })}
                />
              </label>
              <label>
                Watts, if known
                <input
                  type="number"
                  min={0}
                  step="any"
                  value={device.watts ?? ""}
                  onInput={(event) => say(index, event.currentTarget.valueAsNumber)}
                />
              </label>
              <button type="button" disabled={powerW === undefined} onClick={() => measure(index)}>
                {measuring?.index === index ? "It is on now" : "Measure"}
              </button>
              <button
                type="button"
                aria-label={`Move ${called} up`}
                aria-disabled={place === 0}
                onClick={() => place > 0 && moveUp(place)}
              >
                ↑
              </button>
              {measuring?.index === index && (
                <p role="status">
                  It was off at{" "}
                  {wattsText(measuring.offW)}. Switch it on, wait until the power rests, then press.
                </p>
              )}
            </fieldset>
          );
        })}
        <div class="buttons">
          <button type="button" onClick={() => setEdited([...edited, { name: "" }])}>
            Add a device
          </button>
          {edited.length > 1 && (
            <button
              type="button"
              onClick={() => setEdited(edited.slice(0, -1))}
            >
              Remove {edited.at(-1)!.name.trim() || `device ${edited.length}`}
            </button>
          )}
          <button type="submit" class="main">Save</button>
        </div>
        <p role="status">{said}</p>
      </form>
    </section>
  );
}
