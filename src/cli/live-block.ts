/** One block of status that stays at the bottom of a terminal while plain lines scroll above it. */
import type { WriteStream } from "node:tty";
import { stripVTControlCharacters, styleText } from "node:util";
import { redactor } from "../adapters/redact.ts";
import type { StatusView } from "../core/report.ts";
import { moneyText } from "./money.ts";
import { fit, makeSafe, wrap } from "./print.ts";
import { openWaits, waitText } from "./wait-text.ts";

const redrawMs = 1_000;
/** Further lines stand under the text: past the time of day where there is one. */
const indentOf = (line: string): string =>
  " ".repeat(/^\d\d:\d\d:\d\d /.test(stripVTControlCharacters(line)) ? 11 : 2);

export class LiveBlock {
  readonly #stream: WriteStream;
  readonly #isPriceUnknown: boolean;
  /** Where nothing can be drawn over, the block is left out: not on a terminal, or on one that moves no cursor. */
  readonly #canDraw: boolean;
  #view: StatusView | null = null;
  #linesShown = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: WriteStream, isPriceUnknown: boolean) {
    this.#stream = stream;
    this.#isPriceUnknown = isPriceUnknown;
    this.#canDraw = stream.isTTY && process.env["TERM"] !== "dumb";
  }

  print(line: string): void {
    this.#erase();
    this.#stream.write(`${this.#fold(makeSafe(redactor.text(line)))}\n`);
    this.#draw();
  }

  show(view: StatusView | null): void {
    this.#erase();
    this.#view = view;
    this.#draw();
    if (view !== null && this.#canDraw)
      this.#timer ??= setInterval(() => this.show(this.#view), redrawMs).unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#erase();
    this.#view = null;
  }

  /** A terminal of a machine may say 0. */
  get #columns(): number {
    return this.#stream.columns || 80;
  }

  /** Broken between words on a terminal; elsewhere a line is a line. */
  #fold(line: string): string {
    return this.#stream.isTTY ? wrap(line, this.#columns, indentOf(line)) : line;
  }

  #draw(): void {
    if (this.#view === null || !this.#canDraw) return;
    const lines = this.#render(this.#view);
    this.#stream.write(lines.map((line) => `${line}\n`).join(""));
    this.#linesShown = lines.length;
  }

  #render(view: StatusView): readonly string[] {
    const money = moneyText(view.run, this.#isPriceUnknown);
    return renderBlock(view, { nowMs: Date.now(), columns: this.#columns, money });
  }

  /** From the first column: a terminal echoes `^C` where the cursor stood. */
  #erase(): void {
    if (!this.#canDraw) return;
    const up = this.#linesShown > 0 ? `\u001b[${this.#linesShown}A` : "";
    this.#stream.write(`\r${up}\u001b[J`);
    this.#linesShown = 0;
  }
}

function renderBlock(
  view: StatusView,
  { nowMs, columns, money }: { readonly nowMs: number; readonly columns: number; readonly money: string },
): readonly string[] {
  const attempts = view.attempts.map(({ task, attempt, agent, phase, round, sinceMs }) => {
    const rounds = round === 0 ? "" : `, round ${round}`;
    const by = agent === "second" ? ", second agent" : "";
    return `  ${task}  attempt ${attempt}${rounds}${by}  ${phase}  ${clockText(nowMs - sinceMs)}`;
  });
  const { run, tasks } = view;
  const counts = [
    `${run?.landed ?? 0} landed`,
    `${run?.blocked ?? 0} given up`,
    `${tasks.ready} ready`,
    ...(tasks.waiting === 0 ? [] : [`${tasks.waiting} waiting`]),
    ...(tasks.review === 0 ? [] : [`${tasks.review} in review`]),
  ].join(" · ");
  const waits = openWaits(view.waits, nowMs).map((wait) => `  ${waitText(wait, nowMs)}`);
  const halt = view.paused === null ? [] : [`  paused: ${view.paused.reason}`];
  const last = view.stopping === null ? halt : [`  stopping: ${view.stopping}`];
  const lines = ["", ...attempts, ...waits, `  ${counts} · ${money}`, ...last];
  return lines.map((line) => styleText("dim", fitLine(makeSafe(line), columns)));
}

/** A line that wraps could not be erased again; an amount that is cut must not be read as a whole one. */
const fitLine = (line: string, columns: number): string =>
  fit(stripVTControlCharacters(line).replaceAll("\n", " "), Math.max(20, columns - 1));

function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
}

const pad = (n: number): string => String(n).padStart(2, "0");
