/** What `doctor` finds: one line for people, one object for programs. */

export interface Finding {
  readonly check: string;
  readonly level: "good" | "warning" | "bad";
  readonly message: string;
}

export const good = (check: string, message: string): Finding => ({ check, level: "good", message });
export const warning = (check: string, message: string): Finding => ({ check, level: "warning", message });
export const bad = (check: string, message: string): Finding => ({ check, level: "bad", message });
