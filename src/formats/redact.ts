/**
 * Keeps secrets out of everything that is written: logs, journal, attempt files, commit messages, progress file.
 *
 * Secrets are known by value: what stands in environment variables whose names say key, token, secret or password.
 * So are passwords in addresses, whatever their variable is called. Each is replaced in its literal form, in base64 (also in
 * the middle of a longer text), URL-encoded and as a JSON text; of one with several lines, such as a private key, each line.
 */

export interface Redactor {
  readonly text: (text: string) => string;
  /** Every string inside a JSON value. */
  readonly value: <T>(value: T) => T;
  /** For text that comes in pieces: a secret may be cut in two by them. */
  readonly stream: () => { readonly push: (piece: string) => string; readonly end: () => string };
}

const secretName = /key|token|secret|passw|credential|_(?:pass|pat|pwd)$/i;
/** Shorter values are words that stand everywhere. */
const secretCharsMin = 8;

export function createRedactor(environment: Readonly<Record<string, string | undefined>>): Redactor {
  const replacements = findSecrets(environment);
  const redactText = (text: string): string =>
    replacements.reduce((rest, [form, name]) => rest.replaceAll(form, name), text);
  return {
    text: redactText,
    value: (value) => (replacements.length === 0 ? value : redactValue(value, redactText)),
    stream() {
      let held = "";
      return {
        push(piece) {
          const text = held + piece;
          const cut = cutOf(text, replacements);
          held = text.slice(cut);
          return redactText(text.slice(0, cut));
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

type Replacement = readonly [form: string, name: string];

/** Where what may be the beginning of a secret begins. A whole one that reaches beyond that is whole all the same. */
function cutOf(text: string, replacements: readonly Replacement[]): number {
  let from = 0;
  for (;;) {
    const cut = text.length - begunChars(text.slice(from), replacements);
    const end = Math.max(...replacements.map(([form]) => endAcross(text, form, cut)), 0);
    if (end <= cut) return cut;
    from = end;
  }
}

/** Of the end of a text, the most that may be the beginning of a secret. */
function begunChars(text: string, replacements: readonly Replacement[]): number {
  let most = 0;
  for (const [form] of replacements) {
    for (let chars = Math.min(form.length - 1, text.length); chars > most; chars -= 1)
      if (form.startsWith(text.slice(-chars))) most = chars;
  }
  return most;
}

/** Where a secret ends that begins before `at` and ends behind it; 0 when there is none. */
function endAcross(text: string, form: string, at: number): number {
  const begin = text.indexOf(form, Math.max(0, at - form.length + 1));
  return begin >= 0 && begin < at ? begin + form.length : 0;
}

/** Longest first: one secret may be a part of another. */
function findSecrets(environment: Readonly<Record<string, string | undefined>>): readonly Replacement[] {
  const found = Object.entries(environment).flatMap(([name, value = ""]) => {
    const secrets = (secretName.test(name) ? [value, ...linesOf(value)] : passwordsIn(value)).filter(
      (secret) => secret.length >= secretCharsMin,
    );
    return [...new Set(secrets.flatMap(formsOf))].map((form) => [form, `[${name}]`] as const);
  });
  return found.toSorted(([a], [b]) => b.length - a.length);
}

const formsOf = (secret: string): readonly string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  ...base64Forms(secret),
];

/** Shorter lines, and those that say what it is, stand elsewhere too. */
const lineCharsMin = 20;

/** A tool shows a part of a file, and a log the last line. */
function linesOf(value: string): readonly string[] {
  const lines = value.split("\n").map((line) => line.trim());
  return lines.filter((line) => line.length >= lineCharsMin && !/^-{5}(?:BEGIN|END) /.test(line));
}

/** Of an address such as `postgres://user:password@host/`, as it stands there and as it is meant. */
function passwordsIn(value: string): readonly string[] {
  const [, password = ""] = /^[a-z][\w+.-]*:\/\/[^\s/@:]*:([^\s/@]+)@/i.exec(value) ?? [];
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
