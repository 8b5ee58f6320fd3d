/** Checks of Rust and Go projects, and targets of make. */
import { makeGate, type Part, type ProjectFiles, reportFile, type SurveyGate } from "./survey-part.ts";

export function surveyRust({ entries, texts }: ProjectFiles): Part | null {
  const cargo = texts.get("Cargo.toml");
  if (cargo === undefined) return null;
  const locked = entries.has("Cargo.lock") ? " --locked" : "";
  const everything = `${/^\[workspace\b/m.test(cargo) ? " --workspace" : ""}${locked}`;
  const clippy =
    entries.has("clippy.toml") || entries.has(".clippy.toml") || /^\[.*lints\.clippy\]/m.test(cargo);
  const formatted = entries.has("rustfmt.toml") || entries.has(".rustfmt.toml");
  const tests = rustTests(texts.get(".config/nextest.toml") ?? null, everything);
  const check = clippy
    ? makeGate("lint", `cargo clippy --all-targets${everything}`)
    : makeGate("types", `cargo check --all-targets${everything}`);
  const lints = /^\[.*lints\b/m.test(cargo) ? ["Cargo.toml"] : [];
  return {
    language: "rust",
    gates: [
      ...(formatted ? [makeGate("format", "cargo fmt --check")] : []),
      check,
      { ...tests, timeoutMinutes: 30 },
    ],
    protect: [
      ".config/nextest.toml",
      "**/clippy.toml",
      "**/.clippy.toml",
      "rustfmt.toml",
      ".rustfmt.toml",
      ...lints,
    ],
    found: ["Cargo.toml: cargo fetches what it needs by itself."],
    missing: locked === "" ? [cargoUnlocked(texts.get(".gitignore"))] : [],
  };
}

/** A library may ignore its lock file; then cargo takes the newest versions in every checkout. */
const cargoUnlocked = (gitignore = ""): string =>
  /^\/?Cargo\.lock\s*$/m.test(gitignore)
    ? "Cargo.lock is ignored by git: commit it, or versions may change between two attempts."
    : "No Cargo.lock found: commit it, or cargo writes one while a gate runs.";

/** nextest writes its report under `target`, at a place that its profile names. */
function rustTests(nextest: string | null, everything: string): SurveyGate {
  // Both outputs: the names of the test programs are on the other one.
  const tests = `set -o pipefail; cargo test --no-fail-fast${everything} 2>&1 | tee ${reportFile}`;
  if (nextest === null) return makeGate("tests", tests, "libtest");
  const [, profile, inline] =
    /^\[profile\.([\w-]+)\.junit\]\s*\n(?:.*\n)*?\s*path\s*=\s*"([^"]+)"/m.exec(nextest) ?? [];
  if (profile === undefined || inline === undefined)
    return makeGate("tests", `cargo nextest run${everything}`);
  return {
    ...makeGate("tests", `cargo nextest run --profile ${profile}${everything}`, "junit"),
    reportFile: `target/nextest/${profile}/${inline}`,
  };
}

export function surveyGo({ entries, texts }: ProjectFiles): Part | null {
  const module = texts.get("go.mod");
  if (module === undefined) return null;
  const makefile = makefiles.map((name) => texts.get(name) ?? "").join("\n");
  const named = `${module}\n${texts.get("tools.go") ?? ""}\n${makefile}`;
  const linted = [...entries].some((entry) => entry.startsWith(".golangci."));
  // `grep` finds a badly formatted file and prints it; finding one makes the gate red.
  const format = entries.has("vendor") ? [] : [makeGate("format", "! gofmt -l . | grep .")];
  const tool = (name: string) =>
    new RegExp(`^(tool\\s|\\s).*/${name}(/v\\d+)?$`, "m").test(module) ? "go tool " : "";
  const tests = () => {
    if (named.includes("gotestsum"))
      return makeGate("tests", `${tool("gotestsum")}gotestsum --junitfile ${reportFile} ./...`, "junit");
    if (!named.includes("go-junit-report"))
      return makeGate("tests", `go test -json ./... > ${reportFile}`, "go-json");
    const report = `${tool("go-junit-report")}go-junit-report -iocopy -set-exit-code -out ${reportFile}`;
    return makeGate("tests", `go test -v ./... 2>&1 | ${report}`, "junit");
  };
  return {
    language: "go",
    gates: [...format, makeGate("lint", linted ? "golangci-lint run" : "go vet ./..."), tests()],
    protect: [".golangci.*"],
    found: ["go.mod: go fetches what it needs by itself."],
  };
}

const makefiles = ["GNUmakefile", "makefile", "Makefile"];

/** Make's targets fill what the languages left open. */
export function surveyMake({ texts }: ProjectFiles, taken: ReadonlySet<string>): Part {
  const file = makefiles.find((name) => texts.has(name));
  const text = file === undefined ? "" : (texts.get(file) ?? "");
  const has = (target: string) => new RegExp(`^${target}\\s*:(?![:=])`, "m").test(text);
  const gates = [
    ...(has("lint") && !taken.has("lint") ? [makeGate("lint", "make lint")] : []),
    ...(has("test") && !taken.has("tests") ? [makeGate("tests", "make test")] : []),
    ...(has("check") && !has("test") && !taken.has("tests") ? [makeGate("check", "make check")] : []),
  ];
  if (file === undefined || gates.length === 0) return { language: "make", gates };
  return {
    language: "make",
    gates,
    protect: [file],
    found: [`${file}: ${gates.map(({ run }) => run).join(", ")}.`],
  };
}
