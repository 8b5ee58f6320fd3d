# Always somebody else is to go on.
printf '{"type":"handoff","note":"Go on. \\u001b[2J"}\n'
sleep "$SLEEP"
