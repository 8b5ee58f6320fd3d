# Nothing that asks politely is heard.
trap '' TERM HUP INT QUIT PIPE
(trap '' TERM HUP INT; while :; do sleep 0.5; done) &
while :; do sleep 0.5; done
