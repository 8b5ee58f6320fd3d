# A test that leaves its servers running.
setsid -f sleep "$SLEEP"
env -i setsid -f /bin/sleep "$SLEEP"
exit 1
