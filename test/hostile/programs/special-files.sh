# Whatever is no file: pipes, sockets, devices, and files with powers.
mkfifo src/pipe
/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("src/socket")'
mknod src/disk b 8 0 2>/dev/null && echo "made a disk"
mknod src/mem c 1 1 2>/dev/null && echo "made memory"
echo 'id' >src/setuid.txt
chmod 6755 src/setuid.txt
setcap cap_sys_admin+ep src/setuid.txt 2>/dev/null && echo "gave a power"
ls /dev/sd* /dev/vd* /dev/mem /dev/kmsg /dev/fuse /dev/kvm 2>/dev/null
echo made
