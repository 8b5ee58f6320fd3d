/** Has said all that it has to say, and stays. */
process.on("SIGTERM", () => {});
process.stdout.write("done\n");
setInterval(() => {}, 1000);
