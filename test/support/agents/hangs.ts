/** Never comes back. */
setInterval(() => {}, 60_000);
