/** The newest of what was refused, as it came. */
import type { DeadLetter } from "../../../shared/events.ts";
import { useEffect } from "preact/hooks";
import { useFetched } from "./events.ts";
import { countText, timeText } from "./format.ts";
import { Broken, Empty, Loading } from "./states.tsx";

/** @param count of all there are: the list is read again when it changes. */
export function DeadLetters({ count }: { readonly count: number }) {
  const { data, problem, again } = useFetched<readonly DeadLetter[]>("api/dead-letters");
  useEffect(() => again(), [count]);
  return (
    <section aria-labelledby="dead-letters">
      <h2 id="dead-letters">Dead letters</h2>
      {problem !== undefined
        ? <Broken what="The dead letters do not come." problem={problem} />
        : data === undefined
        ? <Loading what="the dead letters" />
        : data.length === 0
        ? <Empty>Nothing was refused.</Empty>
        : <LetterTable letters={data} count={count} />}
    </section>
  );
}

function LetterTable(
  { letters, count }: { readonly letters: readonly DeadLetter[]; readonly count: number },
) {
  return (
    <>
      {count > letters.length && (
        <p class="quiet">
          The newest {letters.length} of {countText(count)}; <code>deno task dead-letters</code>
          {" "}
          shows and replays all.
        </p>
      )}
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
    </>
  );
}
