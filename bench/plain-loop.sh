#!/usr/bin/env bash
# The yardstick: what a careful person's shell loop does for each task. No judging beyond one gate, no recovery.
# usage: plain-loop.sh <repository> <work folder> <agent command> <gate command>
set -euo pipefail
repository=$1 work=$2 agent=$3 gate=$4
workspace=$work/workspace checkout=$work/checkout log=$work/log
mkdir -p "$work"
cd "$repository"

for file in tasks/*.md; do
  task=$(basename "$file" .md)
  base=$(git rev-parse main)
  git clone -q --shared "$repository" "$workspace"
  (cd "$workspace" && RALPH_TASK=$task bash -c "$agent")

  # The landing commit holds the change, the task's status and the progress entry.
  sed -i '1a status: landed' "$workspace/$file"
  printf '## %s: landed\n\nOn %s.\n\n' "$task" "$base" >> "$workspace/PROGRESS.md"
  git -C "$workspace" add -A
  git -C "$workspace" commit -q -m "$task"
  git fetch -q "$workspace" HEAD
  commit=$(git rev-parse FETCH_HEAD)

  git worktree add -q --detach "$checkout" "$commit"
  if (cd "$checkout" && bash -c "$gate"); then
    git update-ref -m "$task" refs/heads/main "$commit" "$base"
    git read-tree -m -u "$base" "$commit"
    verdict=landed
  else
    verdict=rejected
  fi
  git worktree remove --force "$checkout"
  rm -rf "$workspace"
  echo "$(date -u +%FT%TZ) $task $verdict $commit" >> "$log"
  sync "$log"
done
