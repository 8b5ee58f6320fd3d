/** Files that nobody can review: too large, or of bytes that are no text. */
import { allowHint, type TouchedFile } from "./change.ts";

const fileBytesMax = 1024 * 1024;

/** Package managers write them, and nobody reads them in a change either. */
const lockFile =
  /(^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|[\w-]+\.lock|go\.sum|gradle\.lockfile)$/;

const picture = /\.(?:png|jpe?g|gif|webp|avif|ico|icns|bmp|tiff?|woff2?|ttf|otf|eot)$/i;

export function fileKindFinding({ path, before, after }: TouchedFile): string | null {
  if (after === null) return null;
  const isOld = before !== null && before.bytes > fileBytesMax;
  if (after.bytes > fileBytesMax && !isOld && !lockFile.test(path)) {
    const size = (after.bytes / fileBytesMax).toFixed(1);
    return `${path} is ${size} MiB large, and 1 MiB is the most; take it out, or ${allowHint(path)}`;
  }
  if (after.text === null && !lockFile.test(path) && !after.isBinary) {
    return `${path} is too large to be looked at (${after.bytes} bytes); make it smaller`;
  }
  if (!after.isBinary || picture.test(path)) return null;
  return `${path} is binary, so nobody can review it; take it out, or ${allowHint(path)}`;
}
