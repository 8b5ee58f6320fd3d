/** Names that other systems cannot hold, or hold as one: a checkout there would lose or replace a file. */

/** What lies in a folder, before and after the change. */
export interface FolderNames {
  /** Empty: the top. */
  readonly folder: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Only names that are new are looked at. */
export function nameFindings({ folder, before, after }: FolderNames): readonly string[] {
  const old = new Set(before);
  const added = after.filter((name) => !old.has(name));
  if (added.length === 0) return [];
  const byFold = Map.groupBy(after, fold);
  return added.flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    const other = byFold.get(fold(name))?.find((candidate) => candidate !== name);
    const reasons = [
      other === undefined ? null : `clashes with ${show(other)} on systems that fold case or Unicode forms`,
      unportable(name),
    ];
    return reasons
      .filter((reason) => reason !== null)
      .map((reason) => `${show(path)} ${reason}; choose another name`);
  });
}

const fold = (name: string): string => name.toUpperCase().toLowerCase().normalize("NFD");

const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(?:\.|$)/i;

function unportable(name: string): string | null {
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return "has a control character in its name";
  if (name.includes("\uFFFD")) return "has a name that is no UTF-8";
  if (/[<>:"|?*\\]/.test(name)) return `has a character in its name that Windows cannot hold (<>:"|?*\\)`;
  if (/[. ]$/.test(name)) return "ends in a dot or a space, which Windows drops";
  if (reserved.test(name)) return "is the name of a device on Windows";
  return /^(?:\.git|git~\d+)$/i.test(name) ? "is a name that git keeps for itself" : null;
}

/** Control characters are told as escapes: a finding is one line. */
const show = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );

/** Every folder in which a path of `paths` may have brought a new name. */
export function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      folders.add(path.slice(0, end));
    }
  }
  return paths.length === 0 ? [] : ["", ...folders];
}
