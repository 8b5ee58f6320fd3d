# A folder that is a folder when it is looked at and a link when it is read, as fast as that goes.
mkdir -p src/swap
echo mine >src/swap/notes
ln -s "$OUTSIDE" link
setsid -f bash -c 'while :; do mv src/swap src/real; mv link src/swap; mv src/swap link; mv src/real src/swap; done' 2>/dev/null
sleep 0.1
echo swapping
