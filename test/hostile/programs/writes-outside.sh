# Tries every place that it can name, and new ones.
for place in "$OUTSIDE" "$OUTSIDE_HOME" "$REPO" "$REPO/.git" "$STATE" "$STATE/work" "$CHECKS" / /usr/bin /etc /opt /var /run /dev /proc/sys/kernel /srv; do
  (echo spoilt >"$place/spoilt-$ID") 2>/dev/null
done
echo "#" >>"$0" 2>/dev/null && echo "wrote itself"
echo tried
