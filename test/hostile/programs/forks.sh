# As many as there can be, then the bomb that has a name.
for i in $(seq 400); do sleep 60 & done 2>/dev/null
/bin/true 2>/dev/null && echo "still starts" || echo full
bomb() { bomb | bomb & }
bomb 2>/dev/null
