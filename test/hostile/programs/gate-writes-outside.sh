# A test that spoils what its rights allow.
for place in "$OUTSIDE" "$OUTSIDE_HOME" "$REPO" "$STATE" "$CHECKS" "$(dirname "$RALPH_REPORT")/.." /tmp /usr/bin; do
  (echo spoilt >"$place/spoilt-$ID") 2>/dev/null
done
rm -rf --no-preserve-root / 2>/dev/null
exit 1
