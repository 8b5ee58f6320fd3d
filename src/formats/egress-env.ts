/** What programs in a sandbox are told of their way out: where the forwarder listens, in every spelling that is read. */

/** Where the sandbox shows the supervisor's socket. */
export const egressSocketInside = "/run/ralph/egress.sock";

/** What a program has in a sandbox has its own loopback, so this is free there. */
export const forwarderPort = 41_080;

export function egressEnvironment(port: number): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${port}`;
  const own = "localhost,127.0.0.1,::1";
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: own,
    no_proxy: own,
    // Node's own fetch and http look at the variables only then.
    NODE_USE_ENV_PROXY: "1",
  };
}
