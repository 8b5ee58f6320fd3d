/** Never comes back, and does not listen to a polite signal. */
process.on("SIGTERM", () => {});
process.stdout.write("listening\n");
setInterval(() => {}, 60_000);
