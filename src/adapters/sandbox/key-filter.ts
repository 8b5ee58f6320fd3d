/**
 * Keeps the kernel's keys from programs in the sandbox: what lies in the session keyring of whoever started us, Kerberos
 * tickets for one, is inherited by every process and belongs to no namespace. A seccomp filter refuses the three calls
 * that reach it, as the default profiles of container engines do.
 */
import { existsSync } from "node:fs";

/** A way of calling the kernel, and the first of `add_key`, `request_key` and `keyctl`, which have numbers in a row. */
interface Abi {
  /** `AUDIT_ARCH_*` of linux/audit.h. */
  readonly arch: number;
  readonly firstCall: number;
}

/** Of each processor all that its kernels take, 32 bits too. Numbers from the kernel's syscall tables. */
const abis: Readonly<Partial<Record<NodeJS.Architecture, readonly Abi[]>>> = {
  x64: [
    { arch: 0xc000003e, firstCall: 248 },
    { arch: 0x40000003, firstCall: 286 },
  ],
  arm64: [
    { arch: 0xc00000b7, firstCall: 217 },
    { arch: 0x40000028, firstCall: 309 },
  ],
};
const calls = 3;

/** x32 calls by the numbers of x86-64 with this bit set; no other call has it. */
const withoutX32Bit = 0xbfffffff;

/** Classic BPF, linux/filter.h: code, how far to jump when it is so and when it is not, operand. */
type Instruction = readonly [code: number, ifSo: number, ifNot: number, operand: number];
const load = 0x20;
const and = 0x54;
const subtract = 0x14;
const isEqual = 0x15;
const isAtLeast = 0x35;
const answer = 0x06;

/** Places in what the filter is asked about, `struct seccomp_data`. */
const numberAt = 0;
const archAt = 4;

const allow: Instruction = [answer, 0, 0, 0x7fff0000];
const operationNotPermitted = 1;
const refuse: Instruction = [answer, 0, 0, 0x00050000 | operationNotPermitted];

const decide = ({ firstCall }: Abi): readonly Instruction[] => [
  [load, 0, 0, numberAt],
  [and, 0, 0, withoutX32Bit],
  // What is below becomes very large.
  [subtract, 0, 0, firstCall],
  [isAtLeast, 1, 0, calls],
  refuse,
  allow,
];

/** The filter as the kernel takes it, eight bytes an instruction; null for a processor whose numbers are not known here. */
export function keyFilter(processor: NodeJS.Architecture): Buffer | null {
  const known = abis[processor];
  if (known === undefined) return null;
  const tries = known.flatMap((abi): readonly Instruction[] => {
    const decision = decide(abi);
    return [[isEqual, 0, decision.length, abi.arch], ...decision];
  });
  return encode([[load, 0, 0, archAt], ...tries, refuse]);
}

/** Both processors have their lowest byte first. */
function encode(instructions: readonly Instruction[]): Buffer {
  return Buffer.concat(
    instructions.map(([code, ifSo, ifNot, operand]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(code, 0);
      bytes.writeUInt8(ifSo, 2);
      bytes.writeUInt8(ifNot, 3);
      bytes.writeUInt32LE(operand, 4);
      return bytes;
    }),
  );
}

/** There is such a list where the kernel takes filters. */
const actions = "/proc/sys/kernel/seccomp/actions_avail";

/** Null: it cannot be had here. */
export const openKeyFilter = (): Buffer | null => (existsSync(actions) ? keyFilter(process.arch) : null);

export const keysAreOpen =
  "the kernel's keys are not kept from programs: start with a keyring of its own, `keyctl session - ralphwright …`";
