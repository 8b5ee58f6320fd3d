# Twice without end.
yes >&2 &
yes spoilt
