# A user of its own has all powers in its own namespaces: what has been hidden or made read-only is undone there.
unshare -Urm bash -c 'umount /etc/ssl/private /proc/sys; mount -o remount,rw,bind /usr && echo "usr is writable"' 2>/dev/null
unshare -Urmpf bash -c 'mkdir -p /tmp/p && mount -t proc proc /tmp/p && echo "new proc"' 2>/dev/null
unshare -Urmn bash -c 'mkdir -p /tmp/s && mount -t sysfs none /tmp/s && echo "new sys"' 2>/dev/null
for kind in memory pids freezer cpu devices; do
  unshare -UrmC bash -c "mkdir -p /tmp/$kind && mount -t cgroup -o $kind none /tmp/$kind && mkdir /tmp/$kind/spoilt && echo 'made a cgroup of $kind' && rmdir /tmp/$kind/spoilt" 2>/dev/null
done
unshare -UrmC bash -c 'mkdir -p /tmp/c && mount -t cgroup2 none /tmp/c && mkdir /tmp/c/spoilt && echo "made a cgroup" && rmdir /tmp/c/spoilt' 2>/dev/null
echo tried
