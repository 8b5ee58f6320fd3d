/** From where the packages of a language come: in the sandbox nothing is reached that the configuration does not name. */
import type { ProjectFiles } from "./survey-part.ts";

const npm = "registry.npmjs.org";
const mavenCentral = ["repo.maven.apache.org", "repo1.maven.org"];

const registries: Readonly<Record<string, readonly string[]>> = {
  python: ["pypi.org", "files.pythonhosted.org"],
  rust: ["index.crates.io", "static.crates.io"],
  go: ["proxy.golang.org", "sum.golang.org"],
  gradle: [...mavenCentral, "services.gradle.org", "plugins.gradle.org"],
  maven: mavenCentral,
  // Its archives lie with the hosts of the code.
  php: ["repo.packagist.org", "api.github.com", "codeload.github.com"],
  ruby: ["rubygems.org", "index.rubygems.org"],
  deno: ["jsr.io", "deno.land", npm],
};

/** Hosts for `sandbox.egress`. */
export function registriesOf(language: string, files: ProjectFiles): readonly string[] {
  return language === "node" ? nodeRegistries(files) : (registries[language] ?? []);
}

/** A project with a registry of its own, for all packages or for a scope, says so in `.npmrc`. */
function nodeRegistries({ texts, entries }: ProjectFiles): readonly string[] {
  const lines = (texts.get(".npmrc") ?? "").matchAll(
    /^\s*(@[^\s:=]+:)?registry\s*=\s*https?:\/\/([\w.:-]+)/gm,
  );
  const named = [...lines].map(([, scope, host = ""]) => ({ isDefault: scope === undefined, host }));
  const usual = entries.has("yarn.lock") ? ["registry.yarnpkg.com", npm] : [npm];
  const isReplaced = named.some(({ isDefault }) => isDefault);
  return [...(isReplaced ? [] : usual), ...named.map(({ host }) => host)];
}
