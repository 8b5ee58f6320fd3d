"""Reads and traces every process there is, as a debugger would, and shared memory of others."""
import ctypes, os, subprocess

libc = ctypes.CDLL(None, use_errno=True)
ours = {os.getpid(), os.getppid()}
pids = [int(name) for name in os.listdir("/proc") if name.isdigit()] + [int(os.environ["TEST_PID"])]
for pid in pids:
    if pid in ours:
        continue
    for name in ("mem", "environ", "maps"):
        try:
            text = open(f"/proc/{pid}/{name}", "rb").read(1 << 20)
            print("opened", name, b"CNRY" in text)
        except OSError as error:
            print("refused", name, error.errno)
    print("traced", pid == 1, libc.ptrace(0x4206, pid, 0, 0))
gdb = ["gdb", "-p", os.environ["TEST_PID"], "-batch", "-ex", "info proc"]
try:
    print(subprocess.run(gdb, capture_output=True, timeout=30).stdout.hex())
except OSError:
    print("no gdb")
print(open("/proc/sysvipc/shm").read())
print("looked at", len(pids) > 1)
