# Nobody hears it, and it works on.
echo closing
exec <&- >&- 2>&-
while :; do :; done
