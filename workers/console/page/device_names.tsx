/** The devices of a household by name: rename, add, remove the last. */
import { useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { sendJson } from "./events.ts";
import { pathOf } from "./routes.ts";

export function DeviceNames(
  { household, names }: {
    readonly household: HouseholdIdentity;
    readonly names: readonly string[];
  },
) {
  const [edited, setEdited] = useState(names.length === 0 ? [""] : names);
  const [said, setSaid] = useState("");
  const rename = (index: number, name: string) =>
    setEdited(edited.map((each, at) => at === index ? name : each));
  const save = async (event: Event) => {
    event.preventDefault();
    const devices = edited.map((name, index) => ({ name: name.trim() || `device ${index + 1}` }));
    try {
      await sendJson("PUT", `api/${pathOf(household)}/devices`, { devices });
      setSaid("Saved.");
    } catch (error) {
      setSaid(`Not saved: ${(error as Error).message}`);
    }
  };
  return (
    <section aria-labelledby="names">
      <h2 id="names">Devices</h2>
      <form class="card names" onSubmit={save}>
        {edited.map((name, index) => (
          <label key={index}>
            Name of device {index + 1}
            <input
              value={name}
              maxLength={100}
              onInput={(event) => rename(index, event.currentTarget.value)}
            />
          </label>
        ))}
        <div class="buttons">
          <button type="button" onClick={() => setEdited([...edited, ""])}>Add a device</button>
          {edited.length > 1 && (
            <button
              type="button"
              onClick={() => setEdited(edited.slice(0, -1))}
            >
              Remove the last
            </button>
          )}
          <button type="submit" class="main">Save</button>
        </div>
        <p role="status">{said}</p>
      </form>
    </section>
  );
}
