/** More money than there is: two of these are infinite. */
const usage = { type: "usage", input_tokens: 1, output_tokens: 1, usd: 1e308 };
for (let each = 0; each < 3; each += 1) process.stdout.write(`${JSON.stringify(usage)}\n`);
setInterval(() => {}, 1000);
