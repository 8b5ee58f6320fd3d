/**
 * Keeps secrets out of everything that is written: logs, journal, attempt files, commit messages, progress file.
 *
 * Secrets are known by value: what stands in environment variables whose names say key, token, secret or password.
 * Each is replaced in its literal form, in base64 (also in the middle of a longer text) and URL-encoded.
 */

export interface Redactor {
  readonly text: (text: string) => string;
  /** Every string inside a JSON value. */
  readonly value: <T>(value: T) => T;
  /** For text that comes in pieces: a secret may be cut in two by them. */
  readonly stream: () => { readonly push: (piece: string) => string; readonly end: () => string };
}

const secretName = /key|token|secret|passw|credential/i;
/** Shorter values are words that stand everywhere. */
const secretCharsMin = 8;

export function createRedactor(environment: Readonly<Record<string, string | undefined>>): Redactor {
  const replacements = findSecrets(environment);
  const charsMax = Math.max(0, ...replacements.map(([form]) => form.length));
  /** Of the end of a text, what may be the beginning of a secret. */
  const begunChars = (text: string): number => {
    for (let chars = Math.min(charsMax - 1, text.length); chars > 0; chars -= 1) {
      const end = text.slice(-chars);
      if (replacements.some(([form]) => form.startsWith(end))) return chars;
    }
    return 0;
  };
  const redactText = (text: string): string =>
    replacements.reduce((rest, [form, name]) => rest.replaceAll(form, name), text);
  return {
    text: redactText,
    value: (value) => (replacements.length === 0 ? value : redactValue(value, redactText)),
    stream() {
      let held = "";
      return {
        push(piece) {
          // Whole secrets are gone after this; a half one can only stand at the very end.
          const clean = redactText(held + piece);
          const cut = clean.length - begunChars(clean);
          held = clean.slice(cut);
          return clean.slice(0, cut);
        },
        end() {
          const rest = redactText(held);
          held = "";
          return rest;
        },
      };
    },
  };
}

/** Longest first: one secret may be a part of another. */
function findSecrets(
  environment: Readonly<Record<string, string | undefined>>,
): readonly (readonly [string, string])[] {
  const found = Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined || value.length < secretCharsMin || !secretName.test(name)) return [];
    const forms = new Set([value, encodeURIComponent(value), ...base64Forms(value)]);
    return [...forms].map((form) => [form, `[${name}]`] as const);
  });
  return found.toSorted(([a], [b]) => b.length - a.length);
}

/**
 * As it stands in base64, plain and for URLs. In the middle of a longer text (`user:secret`) its letters depend on where
 * it begins, modulo three; the ones that its neighbours change are left out.
 */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const forms = [bytes.toString("base64").replace(/=+$/, "")];
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const isWhole = (before + bytes.length) % 3 === 0;
    forms.push(encoded.slice(Math.ceil((before * 8) / 6), isWhole ? undefined : -1));
  }
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function redactValue<T>(value: T, redactText: (text: string) => string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape stays, only strings change
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === "string" ? redactText(inner) : inner,
  ) as T;
}
