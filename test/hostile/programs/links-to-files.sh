# A second name for a file of somebody else's.
objects=$(cat .git/objects/info/alternates)
borrowed=$(find "$objects" -type f | head -1)
ln "$borrowed" src/borrowed 2>/dev/null && echo "linked borrowed"
ln /etc/passwd src/passwd 2>/dev/null && echo "linked passwd"
cp -l /usr/bin/env src/env 2>/dev/null && echo "linked env"
chmod u+w "$borrowed" 2>/dev/null && echo spoilt >"$borrowed" && echo "wrote borrowed"
echo spoilt >"$objects/spoilt" 2>/dev/null && echo "wrote objects"
rm -rf "$objects" 2>/dev/null
ls "$objects" | wc -l | grep -q '^0$' && echo "removed objects"
echo tried
