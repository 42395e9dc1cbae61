/** A second chance for dead letters: first what would come of it, then for good. */
import { useState } from "preact/hooks";
import type { DeadLetterSummary } from "../system/dead_letters.ts";
import type { ReplayAnswer, ReplayRequest } from "../system/replays.ts";
import { sendJson } from "./events.ts";
import { countText } from "./format.ts";
import { Broken } from "./states.tsx";

type Reason = ReplayRequest["reasons"][number];
type Fix = ReplayRequest["fixes"][number];
/** What it is, and what people read. */
type Choice<T extends string> = readonly [T, string];

/** Late ones and those of the future are right as they are, but for their time. */
const REASONS: readonly Reason[] = ["invalid", "forged", "misplaced"];
const FIXES: readonly Choice<Fix>[] = [
  ["milliseconds", "milliseconds to seconds"],
  ["numbers", "numbers out of text"],
  ["identity", "user and household from the MQTT topic"],
];

export function ReplayForm({ households }: Pick<DeadLetterSummary, "households">) {
  const [household, setHousehold] = useState("");
  const [reasons, setReasons] = useState<readonly Reason[]>(REASONS);
  const [fixes, setFixes] = useState<readonly Fix[]>([]);
  const [answer, setAnswer] = useState<ReplayAnswer & { readonly isDry: boolean }>();
  const [problem, setProblem] = useState<string>();
  const [isAsking, setAsking] = useState(false);
  const run = async (dryRun: boolean) => {
    setAsking(true);
    setProblem(undefined);
    try {
      const wanted = { reasons, fixes, dryRun, ...(household !== "" && { household }) };
      const came = await sendJson<ReplayAnswer>("POST", "api/dead-letters/replay", wanted);
      setAnswer({ ...came, isDry: dryRun });
    } catch (error) {
      setProblem((error as Error).message);
    }
    setAsking(false);
  };
  /** What was found out holds for what was asked. */
  const chosen = <T,>(set: (value: T) => void) => (value: T) => {
    set(value);
    setAnswer(undefined);
  };
  const mayReplay = answer?.isDry === true && answer.replayed > 0;
  return (
    <details class="card replay">
      <summary>Give them a second chance</summary>
      <p class="quiet">
        Judges letters again, as if they had just come, and appends what is valid now: each at most
        once.
      </p>
      <label>
        Of
        <select
          value={household}
          onChange={(event) => chosen(setHousehold)(event.currentTarget.value)}
        >
          <option value="">all households</option>
          {households.map(({ household: name }) =>
            name !== undefined && <option key={name} value={name}>{name}</option>
          )}
        </select>
      </label>
      <Choices
        legend="Refused as"
        choices={REASONS.map((reason) => [reason, reason])}
        chosen={reasons}
        onChange={chosen(setReasons)}
      />
      <Choices
        legend="Mend first"
        choices={FIXES}
        chosen={fixes}
        onChange={chosen(setFixes)}
      />
      <div class="buttons">
        <button
          type="button"
          disabled={isAsking || reasons.length === 0}
          onClick={() => run(true)}
        >
          What would come of it
        </button>
        <button
          type="button"
          class="main"
          disabled={isAsking || !mayReplay}
          onClick={() => run(false)}
        >
          Replay
        </button>
      </div>
      <div role="status">{answer !== undefined && <Outcome {...answer} />}</div>
      {problem !== undefined && <Broken what="It cannot be replayed." problem={problem} />}
    </details>
  );
}

function Choices<T extends string>({ legend, choices, chosen, onChange }: {
  readonly legend: string;
  readonly choices: readonly Choice<T>[];
  readonly chosen: readonly T[];
  readonly onChange: (chosen: readonly T[]) => void;
}) {
  const flip = (name: T) =>
    onChange(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  return (
    <fieldset>
      <legend>{legend}</legend>
      {choices.map(([name, text]) => (
        <label key={name} class="choice">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={() => flip(name)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

function Outcome(
  { isDry, replayed, already, refused }: ReplayAnswer & { readonly isDry: boolean },
) {
  return (
    <>
      <p>
        {isDry ? "Would be replayed" : "Replayed"}: <b>{countText(replayed)}</b>. Replayed before:
        {" "}
        {countText(already)}.
      </p>
      {refused.length > 0 && (
        <ul>
          {refused.map(({ kind, count }) => (
            <li key={kind}>{countText(count)} refused again: {kind}</li>
          ))}
        </ul>
      )}
    </>
  );
}
