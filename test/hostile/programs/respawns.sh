# Is never the same process for long.
next() { trap '' TERM; (sleep 0.02; next) & exit; }
(next) &
wait
while :; do sleep 1; done
