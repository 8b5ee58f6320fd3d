/** Checks of projects in Java, PHP, Ruby and for Deno. */
import { makeGate, type Part, type ProjectFiles, reportFile, type SurveyGate } from "./survey-part.ts";

const gradleFiles = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];

/** A cached result would be one of another checkout: without the cache every test runs. */
export function surveyGradle({ entries }: ProjectFiles): Part | null {
  const mark = gradleFiles.find((file) => entries.has(file));
  if (mark === undefined) return null;
  const program = entries.has("gradlew") ? "./gradlew" : "gradle";
  return {
    language: "gradle",
    gates: [
      jvmTests(
        `${program} test --no-daemon --no-build-cache --continue`,
        "**/build/test-results/**/TEST-*.xml",
      ),
    ],
    protect: ["**/build.gradle", "**/build.gradle.kts", "/settings.gradle*", "/gradlew", "/gradle/**"],
    found: [`${mark}: gradle fetches what it needs by itself.`],
  };
}

export function surveyMaven({ entries }: ProjectFiles): Part | null {
  if (!entries.has("pom.xml")) return null;
  const program = entries.has("mvnw") ? "./mvnw" : "mvn";
  return {
    language: "maven",
    gates: [jvmTests(`${program} --batch-mode --fail-at-end test`, "**/target/surefire-reports/TEST-*.xml")],
    protect: ["**/pom.xml", "/mvnw", "/.mvn/**"],
    found: ["pom.xml: maven fetches what it needs by itself."],
  };
}

const jvmTests = (run: string, written: string): SurveyGate => ({
  ...makeGate("tests", run, "junit"),
  reportFile: written,
  timeoutMinutes: 30,
});

export function surveyPhp({ entries, texts }: ProjectFiles): Part | null {
  const composer = texts.get("composer.json") ?? "";
  const runner = [
    ["pest", "pestphp/pest"],
    ["phpunit", "phpunit/phpunit"],
  ].find(([, name]) => composer.includes(`"${name}"`))?.[0];
  if (runner === undefined) return null;
  const locked = entries.has("composer.lock");
  const setup = "composer install --no-interaction --no-progress";
  return {
    language: "php",
    gates: [
      makeGate("tests", `vendor/bin/${runner} --do-not-cache-result --log-junit ${reportFile}`, "junit"),
    ],
    setup,
    setupInputs: ["composer.json", ...(locked ? ["composer.lock"] : [])],
    keep: ["vendor"],
    protect: ["phpunit.xml*", "phpunit.dist.xml"],
    found: [`composer.json: \`${setup}\` installs the dependencies.`],
    missing: locked ? [] : ["No composer.lock found: commit it, or composer writes one in every checkout."],
  };
}

export function surveyRuby({ entries, texts }: ProjectFiles): Part | null {
  const gemfile = texts.get("Gemfile") ?? "";
  const has = (gem: string) => new RegExp(`^\\s*gem\\s+["']${gem}["']`, "m").test(gemfile);
  if (!has("rspec(-rails)?")) return null;
  const locked = entries.has("Gemfile.lock");
  // Where the gems are is told in the environment: `bundle config` would write a file into the checkout.
  const bundle = "BUNDLE_PATH=vendor/bundle bundle";
  const reporters = `--format progress --format RspecJunitFormatter --out ${reportFile}`;
  return {
    language: "ruby",
    gates: [
      has("rspec_junit_formatter")
        ? makeGate("tests", `${bundle} exec rspec ${reporters}`, "junit")
        : makeGate("tests", `${bundle} exec rspec`),
    ],
    setup: `${bundle} install --quiet`,
    setupInputs: ["Gemfile", ...(locked ? ["Gemfile.lock"] : [])],
    keep: ["vendor/bundle"],
    protect: [".rspec"],
    found: ["Gemfile: bundler installs the gems into vendor/bundle."],
    missing: locked ? [] : ["No Gemfile.lock found: commit it, or bundler writes one in every checkout."],
  };
}

/** A project with package.json is looked at there, whatever runs it. */
export function surveyDeno({ entries, texts, manifest }: ProjectFiles): Part | null {
  const file = ["deno.json", "deno.jsonc"].find((name) => entries.has(name));
  if (file === undefined || manifest !== null) return null;
  const [, task] = /"test"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(texts.get(file) ?? "") ?? [];
  const [, words] = /^deno test((?: [\w./,:=@*-]+)*)$/.exec(task ?? "deno test") ?? [];
  const tests =
    words === undefined
      ? makeGate("tests", "deno task test")
      : makeGate(
          "tests",
          `deno test --junit-path=${reportFile}${words.replaceAll(/ --watch\b/g, "")}`,
          "junit",
        );
  return {
    language: "deno",
    gates: [tests],
    protect: [`/${file}`],
    found: [`${file}: deno fetches what it needs by itself.`],
  };
}
