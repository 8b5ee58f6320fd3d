/** Writes the tables of docs/cheats.md from the corpus itself, so that its figures cannot lie. */
import { type CheatClass, cheatClasses, isMissed, isRefused } from "../test/cheats/case.ts";
import { type Cases, corpus, samples } from "../test/cheats/corpus.ts";

const all = samples.flatMap((sample) => corpus[sample].cheats);
const honest = samples.flatMap((sample) => corpus[sample].honest);

/** The page with the tables that belong into it now. */
export function withCheatsTables(page: string): string {
  const parts = {
    samples: table(
      ["Sample", "Dishonest", "Caught", "Known limits", "Honest", "Of them rejected"],
      [
        ...samples.map((sample) => [sample, ...countsOf(corpus[sample])]),
        ["**all**", ...countsOf({ cheats: all, honest })],
      ],
    ),
    classes: table(["Class", "What the agent does", "Caught", "Known limits"], classNames.map(classRow)),
    limits: listOf(all.flatMap((cheat) => (isMissed(cheat) ? [`${cheat.name}: ${cheat.missed}`] : []))),
    alarms: listOf(honest.flatMap((patch) => (isRefused(patch) ? [`${patch.name}: ${patch.because}`] : []))),
  };
  return Object.entries(parts).reduce((text, [name, part]) => withPart(text, name, part), page);
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- these are its keys
const classNames = Object.keys(cheatClasses) as CheatClass[];

function countsOf({ cheats, honest: patches }: Cases): readonly string[] {
  const missed = cheats.filter(isMissed).length;
  const rejected = patches.filter(isRefused).length;
  return [cheats.length, cheats.length - missed, missed, patches.length, rejected].map(String);
}

function classRow(name: CheatClass): readonly string[] {
  const cheats = all.filter((cheat) => cheat.class === name);
  const [, caught = "", missed = ""] = countsOf({ cheats, honest: [] });
  return [name, cheatClasses[name], caught, missed];
}

const listOf = (items: readonly string[]): string =>
  items.length === 0 ? "None." : items.map((item) => `- an agent that ${item}`).join("\n");

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

function withPart(page: string, name: string, part: string): string {
  const startMark = `<!-- generated: ${name} -->`;
  const start = page.indexOf(startMark);
  const end = page.indexOf("<!-- /generated -->", start);
  if (start < 0 || end < 0) throw new Error(`the page lacks ${startMark} … <!-- /generated -->`);
  return `${page.slice(0, start + startMark.length)}\n\n${part}\n\n${page.slice(end)}`;
}
