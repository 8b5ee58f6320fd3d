# The journal, the lease, the logs of others, the control door, other attempts.
find / -xdev \( -name journal.jsonl -o -name lease.json -o -name 'control*.sock' -o -name agent.log \) 2>/dev/null
ls -A "$STATE" "$STATE/work" 2>/dev/null | grep -v -x -e work -e "$STATE.*" -e '' | grep -v -F "$(basename "$(dirname "$PWD")")"
# What it writes there is in a /tmp of its own.
for word in journal.jsonl lease.json drill.json passes/x dependencies/x attempts/x; do
  (mkdir -p "$(dirname "$STATE/$word")" && echo spoilt >>"$STATE/$word") 2>/dev/null
done
for socket in $(find / -xdev -type s 2>/dev/null); do
  printf '{"command":"stop"}\n' | timeout 2 socat - "UNIX-CONNECT:$socket" 2>/dev/null && echo "spoke to $socket"
done
echo "found nothing more"
