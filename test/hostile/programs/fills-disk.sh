# Ten gigabytes in one file, each byte of them asked for.
head -c 10000000000 /dev/zero >large
echo "ended with $?"
stat -c 'size %s' large
rm large
