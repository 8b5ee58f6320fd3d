# Comes after one that left something in every place that it knew.
grep -rls "persisted-$ID" ~ /tmp /var /etc /dev/shm "$(dirname "$PWD")" 2>/dev/null
find / -xdev -name "persisted-$ID" 2>/dev/null
git config --global core.hooksPath
cat deps/part
echo alone
