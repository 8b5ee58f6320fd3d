# The shortest way to be rid of a supervisor.
kill -9 -1
echo alone
