# First of all, and the last to be ended.
renice -n -20 -p $$ >/dev/null 2>&1 && echo "is nicer to itself"
(echo -1000 >/proc/self/oom_score_adj) 2>/dev/null && echo "is never killed"
chrt -f -p 99 $$ 2>/dev/null && echo "runs first"
ionice -c 1 -p $$ 2>/dev/null && echo "reads first"
date -s 2030-01-01 >/dev/null 2>&1 && echo "has set the clock"
hostname spoilt 2>/dev/null && echo "has named the machine"
echo tried
