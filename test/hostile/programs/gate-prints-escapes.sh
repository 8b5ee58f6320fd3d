# What people see of a red gate is what it printed.
printf '\033]0;spoilt\007\033[2J\r\033]52;c;c3BvaWx0\007 not ok 1\n' >&2
head -c 3000000 /dev/urandom
exit 1
