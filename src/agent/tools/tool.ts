/** What a tool is: its words for the model, the shape of its input, and what a call gives back. */
import type { z } from "zod";

export interface TextContent {
  readonly type: "text";
  readonly text: string;
}

export interface ImageContent {
  readonly type: "image";
  readonly source: {
    readonly type: "base64";
    readonly media_type: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
    // oxlint-disable-next-line eslint/id-denylist -- the API's own word
    readonly data: string;
  };
}

/** What the trajectory records of a call beside its content. */
export interface ToolFacts {
  /** Exit code; null for a command that has none (killed by a signal, still running). */
  readonly exit?: number | null;
  /** Characters before anything was cut away. */
  readonly charsTotal?: number;
  /** File with the complete output. */
  readonly spill?: string;
}

export interface ToolResult {
  /** What the model reads; blocks only where an image belongs to it. */
  readonly content: string | readonly (TextContent | ImageContent)[];
  /** The call could not be carried out. A command that fails is a result like any other. */
  readonly isError: boolean;
  readonly facts?: ToolFacts;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Its JSON Schema is what the model sees. */
  readonly input: z.ZodType;
  /** Calls of it may run at the same time as the calls beside them. */
  readonly isParallel: boolean;
  /** Never throws for anything that the model or the workspace does. `input` has been checked. */
  readonly run: (input: unknown, signal: AbortSignal) => Promise<ToolResult>;
}

interface ToolDefinition<Schema extends z.ZodType> extends Omit<Tool, "input" | "run"> {
  readonly input: Schema;
  readonly run: (input: z.output<Schema>, signal: AbortSignal) => Promise<ToolResult>;
}

/** Ties the type of `run`'s input to the schema. */
export function defineTool<Schema extends z.ZodType>(definition: ToolDefinition<Schema>): Tool {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- callers check the input against this schema
  return { ...definition, run: (input, signal) => definition.run(input as z.output<Schema>, signal) };
}

export const failure = (text: string): ToolResult => ({ content: text, isError: true });
