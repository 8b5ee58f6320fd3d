# Children that leave session, group and environment behind, and one that opens a port.
setsid -f sleep 613
(setsid nohup env -i /bin/sleep 614 >/dev/null 2>&1 &)
env -i setsid -f /bin/bash -c 'trap "" TERM HUP INT; while :; do /bin/sleep 613; done'
node -e 'require("net").createServer().listen(0)' &
echo left
