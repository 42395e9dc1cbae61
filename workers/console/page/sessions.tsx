/** Labelled stretches of a household: the one that is open, those that were too short, and datasets. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { countText, timeText } from "./format.ts";
import {
  type HouseholdKnown,
  MIN_DURATION_S,
  openSession,
  shortSessions,
} from "./household_view.ts";
import { pathOf } from "./routes.ts";
import { Empty } from "./states.tsx";

/** Of a dataset's files, by the end of their names. */
const FORMATS = { json: "JSON", csv: "CSV", parquet: "Parquet" } as const;

export function Sessions({ household, known }: {
  readonly household: HouseholdIdentity;
  readonly known: HouseholdKnown;
}) {
  return (
    <>
      <OpenSession known={known} />
      {shortSessions(known).map(({ startS, endS }) => (
        <p key={startS} class="quiet">
          {timeText(startS * 1000)} to {timeText(endS * 1000)}: {endS - startS}{" "}
          s, too short for a dataset.
        </p>
      ))}
      <Datasets household={household} datasets={known.datasets} />
    </>
  );
}

function OpenSession({ known }: { readonly known: HouseholdKnown }) {
  const session = openSession(known);
  if (session === undefined) {
    return <p class="quiet">Nobody is labelling now: a dataset begins when somebody does.</p>;
  }
  const seconds = session.endS - session.startS;
  return (
    <p class="card all-well" role="status">
      <span class="dot" />
      Labelled for {seconds} s{seconds > MIN_DURATION_S
        ? ": it becomes a dataset when it ends."
        : `: from ${MIN_DURATION_S + 1} s on it becomes a dataset.`}
    </p>
  );
}

function Datasets({ household, datasets }: {
  readonly household: HouseholdIdentity;
  readonly datasets: HouseholdKnown["datasets"];
}) {
  if (datasets === undefined) return <Empty>There is no dataset yet.</Empty>;
  return (
    <div class="card scroll long" tabIndex={0} role="region" aria-label="Table of datasets">
      <table>
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <th scope="col" class="number">seconds</th>
            <th scope="col">download</th>
          </tr>
        </thead>
        <tbody>
          {datasets.map(({ startS, endS, seconds }) => (
            <tr key={startS}>
              <td>{new Date(startS * 1000).toLocaleString("en-GB")}</td>
              <td>{timeText(endS * 1000)}</td>
              <td class="number">{countText(seconds)}</td>
              <td class="files">
                {Object.entries(FORMATS).map(([format, name]) => (
                  <a
                    key={format}
                    href={`api/${pathOf(household)}/datasets/${startS}.${format}`}
                    aria-label={`${name} of ${timeText(startS * 1000)}`}
                    download
                  >
                    {name}
                  </a>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
