# Says that it is done, and has left somebody who goes on.
file=src/$RALPH_TASK.txt
echo "as claimed" >"$file"
env -i setsid -f /bin/bash -c "while :; do echo BROKEN >'$PWD/$file'; done"
sleep 0.05
echo "as claimed" >"$file"
