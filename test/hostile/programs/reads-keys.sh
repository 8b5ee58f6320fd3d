# Looks for what people keep in their home, by name and by search.
cat ~/.ssh/id_ed25519 "$OUTSIDE_HOME/.ssh/id_ed25519" "$OUTSIDE/notes" /etc/shadow /root/.bashrc 2>&1
grep -rs CANARY ~ /home /var /srv /run /tmp --exclude-dir=node_modules
echo looked
