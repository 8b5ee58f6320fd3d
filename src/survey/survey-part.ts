/** What a survey reads, what it finds, and the gates that its parts are made of. */
import { reportAdvice } from "./report-advice.ts";

export interface Manifest {
  readonly name: string | null;
  readonly description: string | null;
  readonly scripts: ReadonlyMap<string, string>;
  /** Names of all that is installed, for use and for development. */
  readonly dependencies: ReadonlySet<string>;
  /** The `packageManager` field, `name@version`. */
  readonly packager: string | null;
  /** Its top-level keys: some tools keep their configuration there. */
  readonly keys: ReadonlySet<string>;
}

export interface ProjectFiles {
  /** Names at the top of the repository. */
  readonly entries: ReadonlySet<string>;
  readonly manifest: Manifest | null;
  /** Folders of the packages that a monorepo names as its workspaces. */
  readonly packages: readonly string[];
  /** Path → content of the other files that a survey reads, as far as they exist. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface SurveyGate {
  readonly name: string;
  readonly run: string;
  readonly timeoutMinutes: number;
  readonly report: ReportFormat | null;
  /** Where the runner leaves its report, when it cannot write to `$RALPH_REPORT`. */
  readonly reportFile: string | null;
  /** For a gate without a report: what it would need. */
  readonly advice: string;
}

type ReportFormat = "junit" | "go-json" | "libtest";

export interface Survey {
  readonly gates: readonly SurveyGate[];
  readonly setup: string | null;
  readonly setupInputs: readonly string[];
  readonly keep: readonly string[];
  readonly protect: readonly string[];
  /** Hosts from which set-up and gates load packages. */
  readonly egress: readonly string[];
  /** Sentences for people. */
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/** What one language contributes. */
export type Part = Partial<Survey> & { readonly language: string; readonly gates: readonly SurveyGate[] };

/** From cheap to dear. */
export const minutes = { format: 5, lint: 5, types: 10, check: 15, tests: 15 };
export const reportFile = '"$RALPH_REPORT"';

export function makeGate(
  name: keyof typeof minutes,
  run: string,
  report: ReportFormat | null = null,
): SurveyGate {
  return { name, run, timeoutMinutes: minutes[name], report, reportFile: null, advice: reportAdvice(run) };
}
