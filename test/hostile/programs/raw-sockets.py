"""Below what a proxy sees: ICMP, frames, addresses of the link, new interfaces, and a device that is a network."""
import os, socket

port = int(os.environ["PORT"])
for name, family, kind, protocol in (
    ("icmp", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    ("ping", socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
    ("frames", socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)),
    ("vsock", getattr(socket, "AF_VSOCK", 40), socket.SOCK_STREAM, 0),
):
    try:
        made = socket.socket(family, kind, protocol)
        made.settimeout(2)
        made.sendto(b"secret", ("8.8.8.8", 0)) if family == socket.AF_INET else made.connect((2, port))
        print("sent by", name)
    except (OSError, TypeError):
        pass
for address in ("::1", "fe80::1%lo", "::ffff:127.0.0.1", "127.0.0.1", "169.254.169.254"):
    try:
        socket.create_connection((address, port), 2)
        print("reached", address)
    except OSError:
        pass
for path in ("/dev/net/tun", "/dev/vhost-net"):
    if os.path.exists(path):
        print("has", path)
print("tried")
