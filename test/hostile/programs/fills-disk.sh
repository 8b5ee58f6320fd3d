# Ten gigabytes in one file, each byte of them asked for; ten terabytes that are not there.
(head -c 10000000000 /dev/zero >~/large) 2>/dev/null
stat -c 'size %s' ~/large
truncate -s 10T /tmp/sparse 2>&1 | tail -c 20
fallocate -l 10T /tmp/reserved 2>&1 | tail -c 20
stat -c 'sparse %s' /tmp/sparse
