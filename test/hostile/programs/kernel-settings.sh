# What root runs when a program crashes is a file in /proc. Opened, not written: this is somebody's machine.
find /proc -path '/proc/[0-9]*' -prune -o \( -path /proc/self -o -path /proc/thread-self \) -prune -o -type f -writable -print 2>/dev/null
for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /proc/irq/default_smp_affinity; do
  (: >>"$file") 2>/dev/null && echo "opens $file"
done
ls -A /sys 2>/dev/null
echo looked
