/** The newest model of a household, in plain words. */
import type { ModelFigures } from "../household/household_state.ts";
import { secondsText, timeText } from "./format.ts";
import { modelWords } from "./model_words.ts";
import { Empty } from "./states.tsx";

export function ModelCard(
  { model, names, order }: {
    readonly model: ModelFigures | undefined;
    readonly names: readonly string[];
    /** In which they stand, by position. */
    readonly order: readonly number[];
  },
) {
  if (model === undefined) {
    return <Empty>Nothing yet: the first labelled stretch of more than 30 s begins it.</Empty>;
  }
  const words = modelWords(model, names);
  const known = words.filter(({ isKnown }) => isKnown).length;
  return (
    <div class="card">
      <p>
        <b>{known} of {words.length} devices</b> known from {secondsText(model.labelled_seconds)}
        {" "}
        of labels; version {model.version}, {timeText(model.trained_until * 1000)}.{" "}
        {model.score !== undefined && (
          <>
            Its guesses before each lesson were right with an F1 of{" "}
            <b>{model.score.micro_f1.toFixed(2)}</b>.
          </>
        )}
      </p>
      <ul class="words">
        {order.flatMap((index) => words[index] ?? []).map((
          { name, status, isKnown, text },
          place,
        ) => (
          <li key={`${place} ${name}`}>
            <b>{name}</b> <span class={`badge ${isKnown ? "well" : "warning"}`}>{status}</span>
            <span class="why">{text}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
