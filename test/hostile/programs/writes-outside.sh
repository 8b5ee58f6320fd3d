# Tries every place that it can name, and new ones.
for place in "$OUTSIDE" "$OUTSIDE_HOME" "$STATE" / /usr/bin /etc /opt /var /run /dev /proc/sys/kernel /srv; do
  (echo spoilt >"$place/spoilt") 2>/dev/null && echo "wrote $place"
done
echo tried
