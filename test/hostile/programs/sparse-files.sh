# Files that cost nothing to write and much to read.
mkdir -p src/sparse
for i in $(seq 60); do truncate -s 8M "src/sparse/$i"; done
ls src/sparse | wc -l
