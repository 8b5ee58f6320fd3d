/** Makes one harmless line of text that somebody else wrote. */

// Bidirectional marks reorder what people see; zero-width characters hide differences.
const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;
// An accent with nothing under it has no width: formatters take its line for an empty one.
const leadingMarks = /^[\p{M} ]+/u;

/** White space collapsed, characters that nobody sees removed, cut to at most `charsMax` with an ellipsis. */
export function oneLine(text: string, charsMax: number): string {
  const line = text.toWellFormed().replaceAll(/\s+/g, " ").replaceAll(invisible, "");
  return cutText(line.replaceAll(/ +/g, " ").replace(leadingMarks, "").trimEnd(), charsMax);
}

/** At most `charsMax` characters, the last of them an ellipsis when something is missing. */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, Math.max(0, charsMax - 1));
  // Half of a surrogate pair is no character.
  return `${kept.replace(/[\uD800-\uDBFF]$/, "").trimEnd()}…`;
}
