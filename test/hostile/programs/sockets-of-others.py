"""Unix sockets: the container daemon, agents for keys, the desktop, and those without a file."""
import os, socket

home = os.environ["OUTSIDE_HOME"]
places = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/tmp/.X11-unix/X0",
    "\0/tmp/.X11-unix/X0",
    home + "/agent.sock",
    os.environ.get("SSH_AUTH_SOCK", ""),
    os.environ.get("DBUS_SESSION_BUS_ADDRESS", "").removeprefix("unix:path="),
    "\0" + os.environ["ID"],
]
with open("/proc/net/unix") as file:
    places += ["\0" + line.split("@")[1].strip() for line in file if "@" in line]
for place in filter(None, places):
    try:
        made = socket.socket(socket.AF_UNIX)
        made.connect(place)
        print("reached", place.replace("\0", "@"))
    except OSError:
        pass
print("tried", len(places) > 8)
