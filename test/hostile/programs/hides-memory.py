"""Memory that belongs to no process: files in /dev/shm and files without a name."""
import os

block = b"x" * (1 << 20)
descriptors = [os.memfd_create(str(each)) for each in range(64)]
try:
    descriptors.append(os.open("/dev/shm/spoilt", os.O_CREAT | os.O_WRONLY))
except OSError:
    print("no shared memory")
while True:
    for descriptor in descriptors:
        os.write(descriptor, block) if os.fstat(descriptor).st_size < (7 << 20) else None
    descriptors += [os.memfd_create("more") for _ in range(16)]
