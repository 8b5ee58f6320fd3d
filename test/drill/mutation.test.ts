/** Broken code is broken in one place, keeps its syntax, and follows from the seed alone. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDice } from "../../src/drill/chance.ts";
import { blank, languageNames } from "../../src/drill/language.ts";
import { chooseMutants, findMutants, type Mutant } from "../../src/drill/mutation.ts";

const tell = ({ line, kind, was, now }: Mutant): string => `${line} ${kind}: ${was} => ${now}`;
const mutantsOf = (path: string, text: string): readonly string[] => findMutants(path, text).map(tell);

const samples: Readonly<Record<string, string>> = {
  "a.js": `import { b } from "a < b && c";
// a < b is said in a comment
export function grow(list, n) {
  if (n <= 0 || list === null) return null;
  const sum = n * 2 + list.length;
  const label = "a > b" + n;
  list.push(sum);
  console.log(sum);
  this.total += sum;
  return /x > y/.test(label) ? label : sum;
}
export function* each(list) {
  yield * list;
  list.push(
    list.pop(),
  );
}
`,
  "a.ts": `interface A { readonly x: true }
type B = A extends { x: true } ? 1 : 2;
export class C<T extends A> extends D {
  grow(n: number): number {
    return n > 1 && n - 1 >= this.x;
  }
}
`,
  "a.py": `"""a < b"""
import a

class B(C):
    def grow(self, n, *, m=1):
        if n < 0 and m == 1:
            return "nothing"
        self.entries.append(n + m)
        self.total = n
        print(n)
        call(
            n.more(1)
        )
        return n or m
`,
  "a.go": `package a
import "b"
func grow(n int) (int, error) {
	if n != 0 && ok {
		total += n
		return 0, err
	}
	return err
}
`,
  "a.rs": `use a::b;
impl<T: A + B> C for D<T> {
    fn grow(&'a self, n: u32) -> bool {
        self.items.push(n);
        n >= 1 && n - 1 < 'x'
    }
}
#[cfg(test)]
mod tests {
    fn t() {
        let a = 1 < 2 && 3 == 3;
    }
}
`,
  "A.java": `class A extends B {
  boolean grow(int n) {
    this.total = n;
    return n < 1 || n * 2 == 4;
  }
}
`,
  "a.rb": `class A < B
  def grow(n)
    @list.push(n)
    return n + 1
  end
end
`,
  "a.php": `<?php
function grow($n) {
  $this->total += $n;
  return $n > 1;
}
`,
};

describe("each language has its places", () => {
  it.each(Object.entries(samples))("%s", (path, text) => {
    expect(mutantsOf(path, text)).toMatchSnapshot();
  });
});

it("breaks the one place it names, and nothing in comments, strings and inline tests", () => {
  for (const [path, text] of Object.entries(samples)) {
    const lines = text.split("\n");
    for (const mutant of findMutants(path, text)) {
      const changed = mutant.text.split("\n").flatMap((line, at) => (line === lines[at] ? [] : [at + 1]));
      expect([path, changed]).toEqual([path, [mutant.line]]);
    }
  }
});

it("cuts no statement in two where a string ends it", () => {
  expect(mutantsOf("a.py", "def f(a):\n    return a + b'x'\n")).toEqual([]);
  expect(mutantsOf("a.py", "def f(a):\n    return g(\n        a)\n")).toEqual([]);
});

it("breaks nothing that a loop without a count may wait for", () => {
  const waiting = "func f(n int) {\n\tfor n != 0 {\n\t\tn -= 1\n\t\tm = n + 1\n\t}\n}\n";
  expect(mutantsOf("a.go", waiting)).toEqual([]);
  const counted = waiting.replace("n != 0", "_, x := range xs");
  expect(mutantsOf("a.go", counted)).toEqual(["3 dropped statement: n -= 1 => ", "4 arithmetic: + => -"]);
});

it("knows nothing of other files", () => {
  expect(findMutants("a.txt", "return 1 < 2;")).toEqual([]);
});

it("spreads over files and kinds, and gives the same for the same seed", () => {
  const mutants = ["a.js", "b.js", "c.js"].flatMap((path) => findMutants(path, samples["a.js"] ?? ""));
  const chosen = chooseMutants(mutants, 6, createDice(7));
  expect(chosen.map(tell)).toEqual(chooseMutants(mutants, 6, createDice(7)).map(tell));
  expect(chosen.map(tell)).not.toEqual(chooseMutants(mutants, 6, createDice(8)).map(tell));
  expect(chosen.map(({ path }) => path).toSorted()).toEqual(["a.js", "a.js", "b.js", "b.js", "c.js", "c.js"]);
  expect(new Set(chosen.map(({ kind }) => kind)).size).toBe(5);
  const alone = chooseMutants(findMutants("a.js", samples["a.js"] ?? ""), 5, createDice(7));
  expect(new Set(alone.map(({ line }) => line)).size).toBe(5);
  expect(chooseMutants(mutants.slice(0, 2), 6, createDice(7))).toHaveLength(2);
});

it("blanks without moving anything, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...languageNames), (text, language) => {
      const blanked = blank(text, language);
      expect(blanked.length).toBe(text.length);
      expect(blanked.split("\n").length).toBe(text.split("\n").length);
    }),
  );
});
