# Claims, and never leaves.
trap '' TERM
echo "done" >"src/$RALPH_TASK.txt"
printf '{"type":"claim","status":"complete","summary":"Done."}\n'
while :; do sleep 1; done
