# Its workspace is the user's repository now.
here=$PWD
cd ..
mv "$here" "$here.was"
ln -s "$REPO" "$here"
ls -l "$here" | grep -o "\-> $REPO"
