# What set-up made is copied to others: this copy is not.
echo poisoned >deps/part
echo poisoned >deps/more
find / -xdev -path '*/dependencies/*' -not -path '/usr/*' 2>/dev/null | head -3
cat deps/part
