import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/formats/redact.ts";

const secret = "sk-canary/1234 5678+9";
const redactor = createRedactor({ API_KEY: secret, HOME: "/home/somebody-here", SHORT_TOKEN: "abc" });

describe("The redactor", () => {
  it("lets a stream through at once, but for what may be the beginning of a secret", () => {
    const stream = redactor.stream();
    expect(stream.push("one\ntwo")).toBe("one\ntwo");
    expect(stream.push(` ${secret.slice(0, 4)}`)).toBe(" ");
    expect(stream.push("-nary, another word")).toBe(`${secret.slice(0, 4)}-nary, another word`);
    expect(stream.push(secret.slice(0, 9)) + stream.push(secret.slice(9))).toBe("[API_KEY]");
    expect(stream.push(secret.slice(0, 5)) + stream.end()).toBe(secret.slice(0, 5));
    const lines = createRedactor({ PRIVATE_KEY: "first line\nsecond line" }).stream();
    expect(lines.push("first line\n") + lines.push("second line\n") + lines.end()).toBe("[PRIVATE_KEY]\n");
  });

  it("finds a secret in base64 wherever it begins in the encoded text, also in the alphabet for URLs", () => {
    for (const before of ["", "u", "us", "use", "user:"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        const encoded = Buffer.from(`${before}${secret}, and more`).toString(encoding);
        expect(redactor.text(encoded)).toContain("[API_KEY]");
        expect(Buffer.from(redactor.text(encoded), encoding).toString()).not.toContain(secret.slice(2, -2));
      }
    }
  });

  it("replaces a secret in its literal, base64 and URL-encoded form by the name of its variable", () => {
    const forms = [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)];
    for (const form of forms) expect(redactor.text(`a ${form} b`)).toMatch(/^a \[API_KEY\]=* b$/);
  });

  it("finds a secret of several lines as a whole, in JSON, and line by line", () => {
    const lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEF", "AASCBKcwggSjAgEAAoIBAQC7VJTUt9Us"];
    const key = ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
    const { text } = createRedactor({ APP_KEY: key });
    expect(text(JSON.stringify({ key }))).toBe('{"key":"[APP_KEY]"}');
    for (const line of lines) expect(text(`  ${line}`)).toBe("  [APP_KEY]");
    expect(text("-----BEGIN PRIVATE KEY-----")).toBe("-----BEGIN PRIVATE KEY-----");
    expect(createRedactor({ A_TOKEN: 'a "quoted" one' }).text(JSON.stringify('a "quoted" one'))).toBe(
      '"[A_TOKEN]"',
    );
  });

  it("finds it as a whole in a stream, too: its last line may be short", () => {
    const key =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nq7w==\n-----END PRIVATE KEY-----\n";
    for (const size of [1, 7, 40, 1000]) {
      const stream = createRedactor({ APP_KEY: key }).stream();
      const pieces = `${key}and on`.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(pieces.map((piece) => stream.push(piece)).join("") + stream.end()).toBe("[APP_KEY]and on");
    }
  });

  it("does not take the end of a whole secret for the beginning of another", () => {
    const stream = createRedactor({ ONE_KEY: "one-secret-abcd", TWO_KEY: "abcd-is-two" }).stream();
    expect(stream.push("x one-secret-abcd")).toBe("x [ONE_KEY]");
    expect(stream.push("-is-two") + stream.end()).toBe("-is-two");
  });

  it.each(["DB_PASS", "GITHUB_PAT", "MYSQL_PWD", "PGPASSWORD"])(
    "takes the value of %s for a secret",
    (name) => {
      expect(createRedactor({ [name]: "hunter2hunter2" }).text("it is hunter2hunter2")).toBe(
        `it is [${name}]`,
      );
    },
  );

  it("finds the password of an address, and not the address", () => {
    const url = "postgres://app:p%40ssw0rd-9@db.example.com/main";
    const { text } = createRedactor({ DATABASE_URL: url, PWD: "/home/somebody", OLDPWD: "/home/somebody" });
    expect(text(url)).toBe("postgres://app:[DATABASE_URL]@db.example.com/main");
    expect(text("log in with p@ssw0rd-9")).toBe("log in with [DATABASE_URL]");
    expect(text("in /home/somebody at db.example.com")).toBe("in /home/somebody at db.example.com");
  });

  it("leaves values alone that are short or whose variable does not sound secret", () => {
    expect(redactor.text("abc in /home/somebody-here")).toBe("abc in /home/somebody-here");
  });

  it("reaches every string inside a value", () => {
    expect(redactor.value({ a: [{ b: `x${secret}` }] })).toEqual({ a: [{ b: "x[API_KEY]" }] });
  });

  it("finds a secret however a stream is cut into pieces", () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 60 });
    const texts = fc.array(fc.constantFrom(secret, "sk-canary", "x", "\n", " 5678+9"), { maxLength: 12 });
    fc.assert(
      fc.property(texts, pieces, (parts, lengths) => {
        const whole = parts.join("");
        const stream = redactor.stream();
        let out = "";
        let at = 0;
        for (const length of lengths) {
          out += stream.push(whole.slice(at, at + length));
          at += length;
        }
        out += stream.push(whole.slice(at)) + stream.end();
        expect(out).toBe(redactor.text(whole));
      }),
    );
  });
});
