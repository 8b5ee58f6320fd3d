# A test that takes all the memory.
exec node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 24, 1));'
