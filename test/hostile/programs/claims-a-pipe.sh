# Whoever reads the claim waits for ever.
rm -f "$RALPH_CLAIM" "$RALPH_BRIEF" "$RALPH_REPORT"
mkfifo "$RALPH_CLAIM" "$RALPH_BRIEF" "$RALPH_REPORT"
echo claimed
