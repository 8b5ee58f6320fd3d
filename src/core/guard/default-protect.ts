/** Paths that no task may change unless it says so: they decide what is judged, and how. */

const supervisor = "ralph.config.yaml";

/** What agents and developers' tools read as instructions, or run by themselves. */
const instructions =
  "AGENTS.md CLAUDE.md GEMINI.md .claude/** .codex/** .cursor/** .cursorrules .gemini/** .windsurfrules " +
  ".clinerules .mcp.json .vscode/** .devcontainer/** .envrc";

const pipelines =
  ".github/** .gitlab-ci.yml .gitlab/** .circleci/** .buildkite/** .ci/** azure-pipelines*.yml Jenkinsfile* " +
  ".travis.yml appveyor.yml .appveyor.yml bitbucket-pipelines.yml .drone.yml .woodpecker* cloudbuild.yaml " +
  "codecov.yml .codecov.yml sonar-project.properties .pre-commit-config.yaml .pre-commit-hooks.yaml " +
  "lefthook*.yml .lefthook* .husky/** .overcommit.yml renovate.json";

const javascriptTests =
  "vitest.config.* vitest.workspace.* vite.config.* jest.config.* jest.setup.* .mocharc* ava.config.* " +
  "playwright.config.* playwright-ct.config.* cypress.config.* cypress.json karma.conf.* wdio.conf.* " +
  ".nycrc* .c8rc* .taprc stryker.conf* stryker.config.*";

const javascriptTools =
  "tsconfig*.json jsconfig*.json .eslintrc* eslint.config.* .eslintignore .oxlintrc* oxlint.config.* " +
  ".oxfmtrc* oxfmt.config.* biome.json* .biome.json* .prettierrc* prettier.config.* .prettierignore " +
  ".stylelintrc* stylelint.config.* .stylelintignore babel.config.* .babelrc* .swcrc knip.* .knip.* " +
  ".lintstagedrc* lint-staged.config.* .commitlintrc* commitlint.config.* .dependency-cruiser.* " +
  "turbo.json nx.json lerna.json deno.json deno.jsonc";

const python =
  "pytest.ini .pytest.ini tox.ini setup.cfg .coveragerc .flake8 .pylintrc pylintrc mypy.ini .mypy.ini " +
  "ruff.toml .ruff.toml ty.toml noxfile.py pyrightconfig.json .isort.cfg .style.yapf .bandit " +
  "sitecustomize.py usercustomize.py";

const native =
  "**/.cargo/config **/.cargo/config.toml clippy.toml .clippy.toml rustfmt.toml " +
  ".rustfmt.toml rust-toolchain* nextest.toml deny.toml .golangci.* .clang-tidy .clang-format";

const otherLanguages =
  ".rspec .rubocop*.yml phpunit.xml* phpstan*.neon* psalm.xml* .php-cs-fixer* **/.mvn/** checkstyle*.xml " +
  ".swiftlint.yml .shellcheckrc .yamllint* .hadolint.yaml .markdownlint* .gitleaks.toml .secretlintrc*";

/** They choose what is installed from where, and which versions of the tools judge. */
const packageManagers =
  ".npmrc .yarnrc* **/.yarn/releases/** **/.yarn/plugins/** pnpm-workspace.yaml .pnpmfile.cjs .pnpmfile.mjs " +
  "bunfig.toml pip.conf uv.toml .nvmrc .node-version .python-version .ruby-version .tool-versions mise.toml " +
  ".mise.toml";

/** In the form of `protect`: a glob without a slash holds at any depth. */
export const defaultProtect: readonly string[] = [
  supervisor,
  instructions,
  pipelines,
  javascriptTests,
  javascriptTools,
  python,
  native,
  otherLanguages,
  packageManagers,
].flatMap((group) => group.split(" "));
