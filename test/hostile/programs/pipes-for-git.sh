# Git reads these whatever they are. On a pipe it waits for ever.
mkdir -p src/nested/.git/refs src/nested/.git/objects
mkfifo .gitattributes src/.gitignore src/nested/.git/HEAD
rm -f .gitignore && mkfifo .gitignore
echo waiting
