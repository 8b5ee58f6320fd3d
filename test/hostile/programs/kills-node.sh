# Agents do this in earnest, to be rid of a server that they started.
pkill -9 -f node || killall -9 node MainThread
kill -9 "$PPID" "$SUPERVISOR_PID" 2>&1
echo done
