# Bytes that are no text, and a line of five megabytes.
head -c 3000000 /dev/urandom
head -c 5000000 /dev/zero | tr '\0' x
printf '\nprinted\n'
