"""The keyring of whoever started the run: inherited by every process, and in no namespace."""
import ctypes, errno, platform

ADD, REQUEST, CONTROL = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}[platform.machine()]
SESSION, GET_ID, READ = -3, 0, 11
libc = ctypes.CDLL(None, use_errno=True)


def ask(*words):
    got = libc.syscall(*[word if isinstance(word, bytes) else ctypes.c_long(word) for word in words])
    return "reached" if got >= 0 else errno.errorcode[ctypes.get_errno()]


asked = {
    "find": ask(CONTROL, GET_ID, SESSION, 0),
    "read": ask(CONTROL, READ, SESSION, 0, 0),
    "search": ask(REQUEST, b"user", b"krb5", 0, SESSION),
    "leave": ask(ADD, b"keyring", b"left", 0, 0, SESSION),
}
print("keys", sorted(set(asked.values())))
