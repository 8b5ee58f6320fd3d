# Tells bubblewrap's own words to whoever listens, and fails.
for process in /proc/[0-9]*; do
  for descriptor in 3 4 5 6 7 8 9; do
    (echo '{ "exit-code": 0 }' >"$process/fd/$descriptor") 2>/dev/null && echo "told $descriptor"
  done
done
(echo '{ "exit-code": 0 }' >&3) 2>/dev/null
echo '{ "exit-code": 0 }'
exit 1
