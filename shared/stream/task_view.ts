/** A running task as those who watch it see it. */
import type { HouseholdEvent } from "./household.ts";
import type { HouseholdTask } from "./household_task.ts";
import type { InputMerge } from "./input_merge.ts";
import type { TaskView } from "./task_observer.ts";

/** What a task consists of; where records are lost, it begins again with other parts. */
export interface TaskParts<E extends HouseholdEvent> {
  readonly merge: InputMerge;
  readonly task: HouseholdTask<E>;
}

/** The view of a task whose parts of the moment `parts` gives. */
export function taskView<E extends HouseholdEvent>(parts: () => TaskParts<E>): TaskView {
  return {
    positions: () => parts().merge.positions(),
    get lastAppendMs() {
      return parts().task.lastAppendMs;
    },
    get newestS() {
      return parts().task.newestS;
    },
    watermarkSpreadS: () => parts().task.figures.watermarkSpreadS(),
    memories: () => parts().task.memories(),
    hottest: (count) => parts().task.figures.hottest(count),
  };
}
