# By every means at hand: a listener outside waits on loopback.
exec 2>/dev/null
(echo hello >"/dev/tcp/127.0.0.1/$PORT") && echo "reached by bash"
timeout 5 curl -s "http://127.0.0.1:$PORT/" && echo "reached by curl"
node -e 'require("net").connect(process.env.PORT, "127.0.0.1").on("connect", () => console.log("reached by node")).on("error", () => {})'
python3 -c 'import os, socket; socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 3); print("reached by python")'
getent hosts example.com && echo "looked up"
echo "no way out"
