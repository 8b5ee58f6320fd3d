# A change that looks like none: the same size, the same time, and times at both ends of the world.
touch -r src/part.txt /tmp/time
printf 'BROKEN' | dd of=src/part.txt conv=notrunc 2>/dev/null
touch -r /tmp/time src/part.txt
touch -d 1901-01-01 test/kept.txt
touch -d 2400-01-01 src .
echo turned
