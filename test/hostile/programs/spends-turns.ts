/** Turns without end, each for nothing. */
const say = (message: object): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
say({ type: "usage", input_tokens: 0, output_tokens: 0, usd: 0 });
setInterval(() => say({ type: "turn" }), 5);
