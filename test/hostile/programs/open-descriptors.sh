# Whatever the supervisor, or who started it, has left open.
for link in /proc/self/fd/*; do
  [[ ${link##*/} -gt 2 && -e $link ]] && readlink "$link"
done | grep -v '^/proc/'
ls -A /proc/self/fd/77/ 2>/dev/null && echo "looked through"
echo listed
