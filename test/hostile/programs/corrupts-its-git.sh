# Everything in .git that makes a later git run something.
trap_=$PWD/.git/trap.sh
printf '#!/bin/sh\ntouch "%s/spoilt-%s" "%s/spoilt-%s"\ncat\n' "$OUTSIDE" "$ID" "$REPO" "$ID" >"$trap_"
chmod +x "$trap_"
for hook in pre-commit post-checkout post-index-change reference-transaction pre-auto-gc post-commit fsmonitor-watchman; do
  mkdir -p .git/hooks && cp "$trap_" ".git/hooks/$hook"
done
cat >>.git/config <<END
[core]
	fsmonitor = $trap_
	hooksPath = .git/hooks
	sshCommand = $trap_
	editor = $trap_
	worktree = $REPO
[filter "spoilt"]
	clean = $trap_
	smudge = $trap_
	process = $trap_
	required = true
[diff "spoilt"]
	textconv = $trap_
	command = $trap_
[alias]
	add = !$trap_
[lfs]
	url = http://127.0.0.1:$PORT/
[include]
	path = $OUTSIDE_HOME/.gitconfig
END
mkdir -p .git/info
echo '* filter=spoilt diff=spoilt merge=spoilt' >.git/info/attributes
echo '/etc' >>.git/objects/info/alternates
echo "$OUTSIDE/.git/objects" >>.git/objects/info/alternates
printf 'src\n' >>.git/info/exclude
echo "ref: refs/heads/../../../../etc/passwd" >.git/HEAD
head -c 4000 /dev/urandom >.git/index
ln -sf "$REPO/.git/refs" .git/refs/heads/link
echo "gitdir: $REPO/.git" >.git/commondir
echo corrupted
