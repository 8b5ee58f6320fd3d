# A test that never ends.
trap '' TERM
while :; do sleep 1; done
