/** Files that may never land: secrets, huge and binary ones, repositories and links that lead out, clashing names. */
import { createDice } from "./chance.ts";
import { absent, type Edit, forGuard, type Ground, type Planted, writes } from "./plant.ts";

export function filePlants(ground: Ground, seed: number): readonly Planted[] {
  const folder = (ground.sources[0] ?? "").replace(/[^/]*$/, "");
  const at = (name: string): string => `${folder}ralph-drill-${name}`;
  return [
    plant("secret", writes(at("token.txt"), `token = "${madeUpToken(seed)}"\n`), "secrets may not land"),
    plant(
      "huge file",
      writes(at("rows.csv"), "0123456789,0123456789\n".repeat(100_000)),
      "files over 1 MiB may not land",
    ),
    plant(
      "binary file",
      writes(at("blob.bin"), "\u0000\u0001\u0002ralph".repeat(512)),
      "binary files may not land",
    ),
    plant(
      "nested repository",
      { path: at("vendored"), mode: "160000", content: ground.base },
      "a repository inside of the repository hides its files",
    ),
    plant(
      "link that leads out",
      { path: at("link"), mode: "120000", content: "/etc/passwd" },
      "links stay inside",
    ),
    clashingName(ground),
  ];
}

const plant = (name: string, edit: Edit, expects: string): Planted =>
  forGuard(name, {
    name: edit.path,
    edits: [edit],
    expects: `the guard: ${expects}`,
    advice: "no setting turns this on: please report it as a defect of ralphwright",
  });

/** Of the form that GitHub gives out, put together here so that no scanner takes this file for a leak. */
function madeUpToken(seed: number): string {
  const roll = createDice(seed);
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const body = Array.from({ length: 36 }, () => letters[Math.floor(roll() * letters.length)] ?? "");
  return ["ghp", body.join("")].join("_");
}

function clashingName({ sources, paths, read }: Ground): Planted {
  const [source] = sources;
  const path = source?.replace(/[^/]*$/, (name) => name.toUpperCase());
  if (source === undefined || path === undefined || paths.includes(path))
    return absent("clashing name", "there is no source file to clash with");
  return plant(
    "clashing name",
    writes(path, read(source) ?? ""),
    "names that differ only in case are one file elsewhere",
  );
}
