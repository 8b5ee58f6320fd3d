/** The levels of the sandbox, each on a machine that really refuses the ones above it: in a user namespace of its own. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const program = join(import.meta.dirname, "opens-a-sandbox.ts");

/** `refusal`: what is taken away before the sandbox is opened. */
function openWhere(refusal: string, { mode = "auto", start = "" } = {}): string {
  const script = `${refusal}\nexec ${start} "$0" "$1" "$2"`;
  const args = ["-Urm", "sh", "-c", script, process.execPath, program, mode];
  const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
  return stdout === "" ? stderr : stdout;
}

const refuseNamespaces = "echo 0 >/proc/sys/user/max_user_namespaces";
const refuseNetworks = "echo 0 >/proc/sys/user/max_net_namespaces";
const withoutPowers = { start: "setpriv --bounding-set=-all --inh-caps=-all" };

it("takes the strongest level where nothing is refused, and limits what is written in it", () => {
  const said = openWhere("");
  expect(said).toMatch(/^bubblewrap \(\)\n\nCapEff:\t0{16}\n[1-6]\n1\n/);
  // Of the two megabytes that it would write.
  expect(said).toMatch(/^1048576$/m);
});

it("leaves the network open where none can be set up, and says so", () => {
  expect(openWhere(refuseNetworks)).toMatch(
    /^bubblewrap, network open \(the network is not controlled: .*\)\n\nCapEff:\t0{16}\n[1-6]\n/,
  );
});

it("says so where the kernel takes no filter, and its keys are open", () => {
  // Where something lies over a part of /proc, there can be no other /proc in a user namespace.
  const said = openWhere("mount -t tmpfs none /proc/sys/kernel/seccomp");
  expect(said).toMatch(/^bubblewrap, as root .*\nthe kernel's keys are not kept from programs: .*\nCapEff/);
});

it("does without user namespaces as root, and without powers then", () => {
  expect(openWhere(refuseNamespaces)).toMatch(
    /^bubblewrap, as root \(no user of its own: .*\)\n\nCapEff:\t0{16}\n[1-6]\n1\n/,
  );
});

it("refuses to start where all is refused, in the words of each refusal", () => {
  const said = openWhere(refuseNamespaces, withoutPowers);
  expect(said).toMatch(/^sandbox-unavailable: no sandbox is to be had here: bubblewrap: bwrap: .*ENOSPC/);
  expect(said).toMatch(/bubblewrap, as root: bwrap: .*not permitted$/m);
});

it("takes no weaker level where the strongest is required", () => {
  const said = openWhere(refuseNetworks, { mode: "required" });
  expect(said).toMatch(
    /^sandbox-unavailable: sandbox: required, and the strongest sandbox is not to be had here/,
  );
  expect(openWhere("", { mode: "required" })).toMatch(/^bubblewrap \(\)\n/);
});

it.runIf(process.getuid?.() === 0)(
  "limits the size of files and says what does not hold, as a user who may make no cgroups",
  () => {
    const start = "setpriv --reuid 1234 --regid 1234 --clear-groups";
    const args = ["--norc", "-c", `${start} "$@"`, "bash", process.execPath, program];
    const { stdout } = spawnSync("bash", args, { encoding: "utf8" });
    expect(stdout).toMatch(
      /^bubblewrap \(\)\nlimits are rlimits, for each process alone: this process may make no cgroups\n/,
    );
    expect(stdout).toMatch(/^1048576$/m);
  },
);
