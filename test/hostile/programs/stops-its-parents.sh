# A supervisor that is stopped looks alive, and does nothing.
kill -STOP 1 "$TEST_PID" 2>/dev/null
kill -STOP -- -1 2>/dev/null &
sleep 0.2
kill -CONT -- -1 2>/dev/null
kill -TERM 1 2>/dev/null
kill -HUP 1 2>/dev/null
echo tried
