# The agent of the hostile lanes: does what its task names, then some work, as if nothing had been.
# Never outside of a sandbox: what follows would be the end of the machine.
{ read -r first </proc/1/comm; } 2>/dev/null
if [[ $first != bwrap || -w /usr ]]; then
  echo "this is no sandbox" >&2
  exit 99
fi
folder=$(dirname "$0")/programs
# First, so that something is left whatever becomes of it: agents that leave nothing end the run.
echo "begun" >"src/$RALPH_TASK.txt"
if [[ $HOSTILE_MANNER == gate ]]; then
  cp "$folder/$RALPH_TASK".* test/
else
  case $(echo "$folder/$RALPH_TASK".*) in
    *.sh) bash --norc "$folder/$RALPH_TASK.sh" ;;
    *.py) /usr/bin/python3 "$folder/$RALPH_TASK.py" ;;
    *.ts) node "$folder/$RALPH_TASK.ts" ;;
  esac
fi
code=$?
exit $code
