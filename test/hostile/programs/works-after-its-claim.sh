# Claims, and goes on while it is judged.
file=src/$RALPH_TASK.txt
echo "as claimed" >"$file"
(sleep 0.02; while :; do echo BROKEN >>"$file"; sed -i /BROKEN/d "$file"; done) &
printf '{"type":"claim","status":"complete","summary":"Done."}\n'
while :; do echo BROKEN >>"$file"; sed -i /BROKEN/d "$file"; done
