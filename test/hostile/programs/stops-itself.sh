# Stands still, with all it has.
echo stopping
kill -STOP $$
