# A report of an entity that grows, and one that is nested without end.
{
  echo '<!DOCTYPE x [<!ENTITY a "spoilt"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
  printf '<testsuite>%.0s' {1..20000}
  echo '&b;&c;'
} >"$RALPH_REPORT"
exit 0
