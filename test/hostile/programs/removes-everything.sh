# With and without the tilde.
rm -rf --no-preserve-root ~ "$OUTSIDE_HOME" "$OUTSIDE" "$REPO" "$STATE" / 2>/dev/null
echo removed
