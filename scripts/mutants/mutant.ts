/** What a mutant is: a place where one protection is taken out of the code, and the test that has to notice. */

export interface Edit {
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** What the product no longer does, in one sentence. */
  readonly removes: string;
  readonly edits: readonly Edit[];
  readonly killedBy: {
    readonly file: string;
    /** The test's title, or how it begins where the rest differs from case to case. */
    readonly title: string;
  };
}
