# A line that never ends.
tr '\0' x </dev/zero
