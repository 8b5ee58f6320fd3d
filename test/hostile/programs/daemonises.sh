# Children that leave session, group and environment behind, in five ways, and one that opens a port.
setsid -f sleep "$SLEEP"
(setsid nohup env -i /bin/sleep "$SLEEP" >/dev/null 2>&1 &)
env -i S="$SLEEP" setsid -f /bin/bash -c 'trap "" TERM HUP INT; while :; do /bin/sleep $S; done'
perl -e 'fork and exit; setpgrp; fork and exit; $0 = "kworker"; sleep $ENV{SLEEP}'
node -e 'require("child_process").spawn("sleep", [process.env.SLEEP], { detached: true, stdio: "ignore", env: {} }).unref()'
node -e 'require("net").createServer().listen(0)' "$SLEEP" &
coproc sleep "$SLEEP"
disown -a
echo left
