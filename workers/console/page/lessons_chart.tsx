/** How right the model was before each of its lessons. */
import type { LessonFigures } from "../household/household_state.ts";
import { Chart } from "./chart.tsx";

export function LessonsChart(
  { lessons }: { readonly lessons: readonly LessonFigures[] | undefined },
) {
  const scored = (lessons ?? []).filter(({ microF1 }) => microF1 !== undefined);
  if (scored.length < 2) return null;
  const lines = [{ label: "F1", color: "--violet", values: scored.map(({ microF1 }) => microF1!) }];
  const times = scored.map(({ trainedUntilS }) => trainedUntilS);
  const text = (value: number) => value.toFixed(2);
  return <Chart title="How right it was before each lesson" {...{ times, lines, text }} />;
}
