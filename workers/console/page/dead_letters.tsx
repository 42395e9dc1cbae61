/** What was refused lately: by kind, by household, as it came; and a second chance for it. */
import type { DeadLetter } from "../../../shared/events.ts";
import { useEffect, useRef } from "preact/hooks";
import type { DeadLetterSummary } from "../system/dead_letters.ts";
import { useFetched } from "./events.ts";
import { countText, timeText } from "./format.ts";
import { ReplayForm } from "./replay_form.tsx";
import { Broken, Empty, Loading } from "./states.tsx";

/** Thousands are looked through for it. */
const EVERY_MS = 10_000;

/** @param count of all there are: when it changes, the list is read again, but not too often. */
export function DeadLetters({ count }: { readonly count: number }) {
  const { data, problem, again } = useFetched<DeadLetterSummary>("api/dead-letters");
  const readMs = useRef(0);
  useEffect(() => {
    const timer = setTimeout(() => {
      readMs.current = Date.now();
      again();
    }, readMs.current + EVERY_MS - Date.now());
    return () => clearTimeout(timer);
  }, [count]);
  return (
    <section aria-labelledby="dead-letters">
      <h2 id="dead-letters">Dead letters</h2>
      {problem !== undefined
        ? <Broken what="The dead letters do not come." problem={problem} />
        : data === undefined
        ? <Loading what="the dead letters" />
        : data.lookedAt === 0
        ? <Empty>Nothing was refused.</Empty>
        : <Summary summary={data} count={count} />}
    </section>
  );
}

function Summary(
  { summary, count }: { readonly summary: DeadLetterSummary; readonly count: number },
) {
  const { lookedAt, kinds, households, letters } = summary;
  return (
    <>
      {count > lookedAt && (
        <p class="quiet">
          The newest {countText(lookedAt)} of {countText(count)};{" "}
          <code>deno task dead-letters</code> shows all.
        </p>
      )}
      <div class="charts">
        <KindTable kinds={kinds} />
        <HouseholdTable households={households} />
      </div>
      <ReplayForm households={households} />
      <h3>The newest {letters.length}</h3>
      <LetterTable letters={letters} />
    </>
  );
}

function KindTable({ kinds }: Pick<DeadLetterSummary, "kinds">) {
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Dead letters by kind">
      <table>
        <thead>
          <tr>
            <th scope="col">reason</th>
            <th scope="col">refused by</th>
            <th scope="col">what is wrong</th>
            <th scope="col" class="number">letters</th>
            <th scope="col">latest</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map(({ reason, source, error, count, latest_ms }) => (
            <tr key={`${reason} ${source} ${error}`}>
              <td>
                <span class="badge warning">{reason}</span>
              </td>
              <td>{source}</td>
              <td class="text">{error}</td>
              <td class="number">{countText(count)}</td>
              <td>{timeText(latest_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HouseholdTable({ households }: Pick<DeadLetterSummary, "households">) {
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Dead letters by household">
      <table>
        <thead>
          <tr>
            <th scope="col">household</th>
            <th scope="col" class="number">letters</th>
            <th scope="col">reasons</th>
            <th scope="col">its clock</th>
          </tr>
        </thead>
        <tbody>
          {households.map(({ household, count, reasons, clock_s }) => (
            <tr key={household ?? ""}>
              <th scope="row">{household ?? "none is named"}</th>
              <td class="number">{countText(count)}</td>
              <td class="text">
                {Object.entries(reasons).map(([name, each]) => `${countText(each)} ${name}`)
                  .join(", ")}
              </td>
              <td>{clock_s === undefined ? "–" : clockText(clock_s)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function clockText(clockS: number): string {
  return `${countText(Math.abs(clockS))} s ${clockS > 0 ? "ahead" : "behind"}`;
}

function LetterTable({ letters }: { readonly letters: readonly DeadLetter[] }) {
  return (
    <div class="card scroll" tabIndex={0} role="region" aria-label="Table of dead letters">
      <table>
        <thead>
          <tr>
            <th scope="col">time</th>
            <th scope="col">reason</th>
            <th scope="col">refused by</th>
            <th scope="col">what is wrong</th>
            <th scope="col">payload</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter, index) => (
            <tr key={`${letter.received_at} ${index}`}>
              <td>{timeText(letter.received_at)}</td>
              <td>
                <span class="badge warning">{letter.reason}</span>
              </td>
              <td>{letter.source}</td>
              <td class="text">{letter.error}</td>
              <td class="text">
                <code>{letter.payload}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
