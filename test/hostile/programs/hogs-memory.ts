/** Takes memory and touches it, until somebody says stop. */
const kept: Buffer[] = [];
for (;;) kept.push(Buffer.alloc(16 * 1024 * 1024, kept.length));
