/** The scan for secrets with its real rules. The samples are put together here, so that no scan of this file finds them. */
import { expect, it } from "vitest";
import { createSecretScan } from "../../src/adapters/secret-scan.ts";

const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const random = (length: number): string => {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return letters[state % letters.length];
  }).join("");
};

const dashed = (word: string): string => `-----${word} RSA PRIVATE KEY-----`;

const samples: Readonly<Record<string, string>> = {
  GITHUB_TOKEN: `ghp_${random(36)}`,
  PrivateKey: `${dashed("BEGIN")}
MI${random(1_200)}
${dashed("END")}`,
  PostgreSQLConnection: `postgres://bob:${random(12)}@db.ralph-shop.dev/x`,
  AWSSecretAccessKey: `AWS_SECRET_ACCESS_KEY=${random(40)}`,
  ANTHROPIC_API_KEY: `sk-ant-api03-${random(93)}AA`,
  NPM_ACCESS_TOKEN: `npm_${random(36)}`,
};

it.each(Object.entries(samples))("finds a %s, and never tells it", async (kind, secret) => {
  const secrets = createSecretScan();
  const found = await secrets.find("src/a.ts", `one\r\ntwo\nconst key = "${secret}";\n`);
  expect(found).toEqual([{ kind, line: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
});

it("does not let a comment switch it off", async () => {
  const text = `// secretlint-disable\nkey = "${samples["GITHUB_TOKEN"] ?? ""}" // secretlint-disable-line\n`;
  expect(await createSecretScan().find("a.py", text)).toHaveLength(1);
});

it("tells the same secret by the same digest, another one by another", async () => {
  const find = async (text: string): Promise<string | undefined> =>
    (await createSecretScan().find("a.ts", text))[0]?.digest;
  const [one, again, other] = [`ghp_${random(36)}`, `x\nghp_${random(36)}`, `ghp_${random(37).slice(1)}`];
  expect(await find(one)).toBe(await find(again));
  expect(await find(one)).not.toBe(await find(other));
});

it("takes no word, no digest and no password for one's own machine for a secret", async () => {
  const text = [
    "const password = process.env.PASSWORD;",
    `sha256 = "${"0123456789abcdef".repeat(4)}"`,
    "DATABASE_URL=postgres://app:s3cretLonger9@localhost:5432/test",
    "DATABASE_URL=mongodb://app:s3cretLonger9@db/test",
    "curl https://user:s3cretLonger9@example.com/",
  ];
  expect(await createSecretScan().find("compose.yaml", text.join("\n"))).toEqual([]);
});

it("keeps no marks of what it did, which would fill the memory", async () => {
  const secrets = createSecretScan();
  await secrets.find("a.ts", "x");
  const before = performance.getEntries().length;
  for (let at = 0; at < 20; at += 1) await secrets.find(`${at}.ts`, "x");
  expect(performance.getEntries().length).toBe(before);
});
