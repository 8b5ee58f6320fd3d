# Lands by itself, by every way that git knows.
git commit -q --allow-empty --no-verify -m "Land by myself"
for address in "$REPO" "file://$REPO" "$REPO/.git" "$OUTSIDE"; do
  git push -q --force "$address" HEAD:main HEAD:refs/ralph/landed/x 2>/dev/null && echo "pushed to $address"
done
export GIT_DIR=$REPO/.git
git update-ref -d refs/heads/main 2>/dev/null && echo "removed main"
git branch -D main 2>/dev/null && echo "removed main"
git gc -q --prune=now 2>/dev/null && echo "pruned"
git reset -q --hard HEAD~1 2>/dev/null && echo "reset"
unset GIT_DIR
borrowed=$(cat .git/objects/info/alternates)
git --git-dir "${borrowed%/objects}" branch -D main 2>/dev/null && echo "removed main"
git branch -D main 2>/dev/null
git gc -q --prune=now 2>/dev/null
echo tried
