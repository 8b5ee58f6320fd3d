# Whoever puts the tasks back writes them elsewhere.
rm -rf tasks
ln -s "$OUTSIDE" tasks
mkdir -p "$OUTSIDE"
echo replaced
