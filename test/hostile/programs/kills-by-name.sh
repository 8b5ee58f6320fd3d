# Agents do this in earnest, to be rid of a server that they started.
pkill -9 -f ralphwright
pkill -9 node || killall -9 node MainThread
pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$STATE/lease.json" 2>/dev/null)
kill -9 "$PPID" "$TEST_PID" ${pid:+"$pid"} 2>/dev/null
for pid in $(seq "$((TEST_PID - 300))" "$((TEST_PID + 3000))"); do
  [[ $pid == $$ ]] || kill -9 "$pid" 2>/dev/null
done
echo killed
