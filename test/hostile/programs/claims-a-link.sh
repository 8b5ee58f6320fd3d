# Whoever reads the claim reads somebody else's file, and whoever writes the brief writes there.
rm -f "$RALPH_CLAIM" "$RALPH_BRIEF"
ln -s "$OUTSIDE_HOME/.ssh/id_ed25519" "$RALPH_CLAIM"
ln -s "$OUTSIDE/notes" "$RALPH_BRIEF"
echo claimed
