# A test that is rid of its runner.
kill -9 -1
kill -9 "$PPID"
