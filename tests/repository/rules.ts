/** The rules of the tree that a program can check, each with what to do instead. */
import { importsOf, isTest, type Source, withoutComments } from "./sources.ts";

export interface Rule {
  readonly title: string;
  /** What to do instead. */
  readonly advice: string;
  /** The lines that say who breaks it. */
  offendersIn(sources: readonly Source[]): string[];
}

/**
 * The rooms of the house by floor, the lowest first: a file imports from its own room and from the
 * floors below. A file belongs to the room with the longest of the prefixes that it has; each worker
 * is a room of its own.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["shared/errors.ts", "shared/events.ts"],
  ["shared/eventually.ts", "shared/others_turn.ts", "shared/pause.ts"],
  ["shared/service/", "shared/bytes/", "shared/tables/"],
  ["shared/spool/", "shared/tracing/"],
  ["shared/log/"],
  ["shared/topics.ts", "shared/log/sqlite/", "shared/log/kafka/cluster/"],
  ["shared/log/kafka/records/", "shared/log/kafka/group/"],
  ["shared/log/kafka/transaction/"],
  ["shared/log/kafka/"],
  ["shared/log/open.ts", "shared/log/lag.ts", "shared/log/log_metrics.ts"],
  ["shared/mqtt/", "shared/oracle/", "shared/stream/"],
  ["shared/system/", "shared/answers/", "shared/dead_letters/"],
  ["shared/services/"],
  ["workers/"],
  ["scripts/"],
];

interface Place {
  readonly room: string;
  readonly floor: number;
}

/** Where a file stands, or undefined where no floor has a room for it. */
function placeOf(path: string): Place | undefined {
  let place: Place | undefined;
  for (const [floor, prefixes] of FLOORS.entries()) {
    for (const room of prefixes) {
      if (path.startsWith(room) && room.length > (place?.room.length ?? 0)) place = { room, floor };
    }
  }
  if (place?.room !== "workers/") return place;
  return { room: path.split("/").slice(0, 2).join("/"), floor: place.floor };
}

const IMPORT_RULES: readonly Rule[] = [
  {
    title: "a room imports from itself and from the floors below",
    advice: "Move what both need to a floor below both; FLOORS in rules.ts says which there are",
    offendersIn: (sources) =>
      sources.filter(({ path }) => !isTest(path)).flatMap((source) => {
        const from = placeOf(source.path);
        if (from === undefined) return [`${source.path} stands in no room`];
        return importsOf(source).filter((path) => {
          if (isTest(path)) return false;
          const to = placeOf(path);
          return to === undefined || (to.room !== from.room && to.floor >= from.floor);
        }).map((path) => `${source.path} imports ${path}`);
      }),
  },
  {
    title: "what is there for tests is imported by tests alone",
    advice: "What a program needs does not belong into a testing/ folder, nor into a test",
    offendersIn: (sources) =>
      sources.filter(({ path }) => !isTest(path)).flatMap((source) =>
        importsOf(source).filter(isTest).map((path) => `${source.path} imports ${path}`)
      ),
  },
  {
    title: "a test's set-up does not lie among the product's files",
    advice: "Move it to a testing/ folder beside them",
    offendersIn: (sources) =>
      sources.filter(({ path, text }) => !isTest(path) && isSetUp(path, text, sources))
        .map(({ path }) => `${path} is there for tests`),
  },
  {
    title: "shared/events.ts imports only zod",
    advice: "Events know nothing of who uses them",
    offendersIn: (sources) =>
      sources.filter(({ path }) => path === "shared/events.ts").flatMap(({ text }) =>
        [...text.matchAll(/from "([^"]+)"/g)].map(([, name]) => name!)
          .filter((name) => name !== "zod").map((name) => `shared/events.ts imports ${name}`)
      ),
  },
];

/** Whether a file outside of the tests' folders is used by tests and by nothing else. */
function isSetUp(path: string, text: string, sources: readonly Source[]): boolean {
  if (/_setup\.ts$/.test(path) || /from "node:assert/.test(text)) return true;
  const users = sources.filter((source) =>
    source.path !== path && importsOf(source).includes(path)
  );
  return users.length > 0 && users.every((user) => isTest(user.path));
}

/** Where the process, its clock and its dice may be touched; a page in a browser is a process too. */
const isEdge = (path: string) =>
  isTest(path) || path.endsWith("/main.ts") || path.startsWith("scripts/") ||
  path.startsWith("shared/services/") || path.includes("/page/");

/** Who prints by itself: the doors, and a table of our own figures. */
const DOORS = [
  "shared/service/terminal.ts",
  "scripts/dev/view.ts",
  "scripts/top/screen.ts",
  "scripts/bench.ts",
];

const TEXT_RULES: readonly Rule[] = [
  {
    title: "clock and dice are parameters but in main.ts, scripts and tests",
    advice: "Take nowMs or random as a parameter",
    offendersIn: (sources) =>
      sources.filter(({ path }) =>
        !isEdge(path) && path !== "shared/log/open.ts" && !path.startsWith("shared/service/")
      ).filter(({ text }) =>
        /\b(Date\.now|Math\.random)\b(?! *,? *\*\/)/.test(withoutComments(text))
      ).map(({ path }) => path),
  },
  {
    title: "Deno.exit and Deno.env stand in main.ts, scripts and tests alone",
    advice: "Return an exit code; take a reader of the environment",
    offendersIn: (sources) =>
      sources.filter(({ path }) => !isEdge(path))
        .filter(({ text }) => /\bDeno\.(exit|env)\b/.test(withoutComments(text)))
        .map(({ path }) => path),
  },
  {
    title: "what is printed goes through the doors to the terminal",
    advice: "Print with shared/service/terminal.ts: it escapes what others wrote",
    offendersIn: (sources) =>
      sources.filter(({ path }) => !isTest(path) && !DOORS.includes(path))
        .filter(({ text }) =>
          /\bconsole\.\w+\(|\.std(out|err)\b.*\bwrite/.test(withoutComments(text))
        )
        .map(({ path }) => path),
  },
  {
    title: "no file is longer than what one reads at a sitting",
    advice: "Split it by state or by concern",
    offendersIn: (sources) =>
      sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
        .filter(({ path, lines }) => lines > (isTest(path) ? LINES_MAX.test : LINES_MAX.source))
        .map(({ path, lines }) => `${path} has ${lines}`),
  },
  {
    title: "a file begins with what it is for",
    advice: "Begin it with a sentence: /** … */",
    offendersIn: (sources) =>
      sources.filter(({ path, text }) => !isTest(path) && !text.startsWith("/**"))
        .map(({ path }) => path),
  },
];

/** Tests may be a little longer: a table of cases is read from the top. */
const LINES_MAX = { source: 300, test: 350 };

export const RULES: readonly Rule[] = [...IMPORT_RULES, ...TEXT_RULES];
