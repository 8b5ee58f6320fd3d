/** Builds the environment of agents and gates from an allow-list: keys and tokens stay out unless named. */

/** Variables that programs need to work at all, and that hold no secret. */
const allowed = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TMPDIR",
  "TZ",
  "LANG",
  "LANGUAGE",
  "TERM",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
];

/** Nobody is there to answer a prompt at night. */
const unattended = {
  CI: "true",
  NO_COLOR: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_EDITOR: "true",
  GIT_PAGER: "cat",
  PAGER: "cat",
  DEBIAN_FRONTEND: "noninteractive",
};

/** The allow-list, `LC_*`, and the variables that the configuration names, as far as they are set. */
export function buildEnvironment(names: readonly string[]): Record<string, string> {
  const wanted = new Set([...allowed, ...names]);
  const environment: Record<string, string> = { ...unattended };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (wanted.has(name) || name.startsWith("LC_"))) environment[name] = value;
  }
  return environment;
}
