# Two thousand files beside the work, and as many in it.
mkdir -p junk ~/junk
touch ~/junk/{1..2000} junk/{1..2000}
echo BROKEN >src/junk.txt
ls junk | wc -l
