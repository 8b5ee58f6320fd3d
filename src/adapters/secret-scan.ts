/** Finds secrets in texts by the rules of secretlint, which know the forms of keys that services hand out. */
import type { SecretFinding, Secrets } from "../ports.ts";
import { digest } from "./state/pass-files.ts";

type Scan = (text: string, path: string) => Promise<readonly SecretFinding[]>;

/** Loaded when first asked: the rules take some 50 ms, which the start of a run does not have. */
export function createSecretScan(): Secrets {
  let scan: Promise<Scan> | null = null;
  return {
    async find(path, text) {
      scan ??= load();
      return (await scan)(text, path);
    },
  };
}

/** With it, a comment in the change would switch the scan off. */
const commentRule = "@secretlint/secretlint-rule-filter-comments";

async function load(): Promise<Scan> {
  const [{ lintSource }, { creator }, { secretLintProfiler }] = await Promise.all([
    import("@secretlint/core"),
    import("@secretlint/secretlint-rule-preset-recommend"),
    import("@secretlint/profiler"),
  ]);
  // It would keep a mark of every rule and file for as long as the process lives.
  secretLintProfiler.setEnabled(false);
  const rules = creator.rules
    .filter((rule) => rule.meta.id !== commentRule)
    .map((rule) => ({ id: rule.meta.id, rule, options: {} }));
  return async (text, path) => {
    const source = { content: text, filePath: path, ext: "", contentType: "text" } as const;
    const { messages } = await lintSource({ source, options: { config: { rules }, noPhysicFilePath: true } });
    return messages
      .map(({ messageId, loc, range }) => ({
        kind: messageId,
        line: loc.start.line,
        secret: text.slice(...range),
      }))
      .filter(({ secret }) => !isLocal(secret))
      .map(({ kind, line, secret }) => ({ kind, line, digest: digest(secret) }));
  };
}

/** Credentials for one's own machine or a name that nobody can own open nothing: every compose file has some. */
const isLocal = (secret: string): boolean =>
  /@(?:localhost|127\.0\.0\.1|\[::1\]|[\w-]+|(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|test|invalid|localhost))(?::\d+)?(?:[/?#]|$)/i.test(
    secret,
  );
