# Takes the limits away, then takes the memory.
ulimit -f unlimited -u unlimited -d unlimited -v unlimited 2>/dev/null
prlimit --pid $$ --fsize=unlimited:unlimited 2>/dev/null && echo "lifted the file size"
head -c 20000000 /dev/zero >/tmp/large 2>/dev/null
stat -c 'size %s' /tmp/large
inside='for kind in memory pids; do
  mkdir -p /tmp/$kind
  mount -t cgroup -o $kind none /tmp/$kind
  for file in /tmp/$kind/memory.*limit_in_bytes; do echo -1 >$file; done
  echo max >/tmp/$kind/pids.max
  mkdir -p /tmp/$kind/a/b
done
mkdir -p /tmp/c; mount -t cgroup2 none /tmp/c; echo max >/tmp/c/memory.max; mkdir -p /tmp/c/a/b; rmdir /tmp/c/a/b /tmp/c/a'
unshare -UrmC bash -c "$inside; exec node '$(dirname "$0")/hogs-memory.ts'" 2>/dev/null
exec node "$(dirname "$0")/hogs-memory.ts"
