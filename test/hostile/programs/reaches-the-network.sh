# By every means at hand: a listener outside waits on loopback.
exec 2>/dev/null
(echo hello >"/dev/tcp/127.0.0.1/$PORT") && echo "reached by bash"
(echo hello >"/dev/udp/127.0.0.1/$PORT")
timeout 5 curl -s "http://127.0.0.1:$PORT/" "http://[::1]:$PORT/" && echo "reached by curl"
timeout 5 curl -s --noproxy '*' "http://localhost:$PORT/" && echo "reached by curl"
node -e 'for (const host of ["127.0.0.1", "::1"]) require("net").connect(process.env.PORT, host).on("connect", () => console.log("reached by node")).on("error", () => {})'
node -e 'fetch(`http://127.0.0.1:${process.env.PORT}`).then(() => console.log("reached by fetch"), () => {})'
python3 -c 'import os, socket; socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 3); print("reached by python")'
for address in "http://127.0.0.1:$PORT/x" "git://127.0.0.1:$PORT/x" "ssh://127.0.0.1:$PORT/x"; do
  timeout 5 git -c core.askPass=true ls-remote "$address" && echo "reached by git"
done
timeout 5 curl -s -m 3 http://169.254.169.254/latest/meta-data/ && echo "reached the metadata"
timeout 5 curl -s -m 3 -I https://example.com/ | grep -q '^HTTP.* 2' && echo "reached example.com"
echo "no way out"
