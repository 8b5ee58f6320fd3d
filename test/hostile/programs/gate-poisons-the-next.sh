# For the gate that runs after this one, and for the next run.
echo poisoned >deps/part
touch ~/.bashrc /tmp/poison
for place in "$STATE/passes" "$STATE/dependencies" "$STATE"; do
  (echo '{}' >"$place/poison") 2>/dev/null && echo "wrote $place"
done
exit 0
