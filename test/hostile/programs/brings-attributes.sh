# Filters, submodules and links to repositories in the change itself.
echo '* filter=spoilt diff=spoilt export-ignore' >src/.gitattributes
git init -q src/inner 2>/dev/null
printf '[core]\n\tfsmonitor = touch %s/spoilt-%s\n' "$OUTSIDE" "$ID" >>src/inner/.git/config
git -C src/inner -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m x
printf '[submodule "x"]\n\tpath = src/inner\n\turl = %s\n\tupdate = !touch %s/spoilt-%s\n' "$REPO" "$OUTSIDE" "$ID" >.gitmodules
echo brought
