/** The few parts of Node that the tests use, so that the types need no installed package. */
declare module "node:test" {
  type Body = () => void | Promise<void>;

  interface Test {
    (name: string, body: Body): Promise<void>;
    skip(name: string, body: Body): Promise<void>;
  }

  export const test: Test;
}

declare module "node:assert/strict" {
  interface Assert {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    throws(body: () => unknown, expected: RegExp): void;
  }

  const assert: Assert;
  export default assert;
}
