/** The queue as the loop knows it: read again when something may have changed, checked against the configuration. */
import type { Config } from "../core/config.ts";
import type { CommitSha, TaskId } from "../core/ids.ts";
import { checkQueue, type Queue } from "../core/queue.ts";
import type { RunState } from "../core/state.ts";
import { standingOf } from "../core/task.ts";
import type { Ports, Review } from "../ports.ts";

export class KnownQueue {
  #landed: ReadonlyMap<TaskId, CommitSha>;
  /** As it was read, and what it was checked with: the same objects until something changes. */
  #read: Queue | null = null;
  #reviews: ReadonlyMap<TaskId, Review> | null = null;
  #config: Config | null = null;
  /** Tasks that came to an end in this run, and whose files said so. */
  readonly #ended = new Set<TaskId>();
  queue: Queue = { tasks: [], problems: [] };

  /** `landed`: by their refs, whatever their files say. */
  constructor(landed: ReadonlyMap<TaskId, CommitSha>) {
    this.#landed = landed;
  }

  /** Returns the tasks that a person made ready again after this run had ended them. */
  async read(ports: Ports, config: Config, run: RunState | null): Promise<readonly TaskId[]> {
    const [read, reviews] = await Promise.all([ports.queue.read(), ports.target.reviews()]);
    if (read === this.#read && reviews === this.#reviews && config === this.#config) return [];
    const reopened = read === this.#read ? [] : await this.#findReopened(ports, read, run);
    this.#read = read;
    this.#reviews = reviews;
    this.#config = config;
    this.queue = checkQueue(read, {
      gates: new Set(config.gates.map((gate) => gate.name)),
      agent: config.agent.kind,
      landed: this.#landed,
      hasChecks: (name) => ports.checks.has(name),
      inReview: new Map([...reviews].map(([task, { branch }]) => [task, branch])),
    });
    return reopened;
  }

  /** What was read may be older than the end of a task: only a file that said so before can say otherwise now. */
  async #findReopened(ports: Ports, read: Queue, run: RunState | null): Promise<readonly TaskId[]> {
    const ready: TaskId[] = [];
    for (const task of read.tasks) {
      const { id } = task;
      const isReady = standingOf(task) === "ready";
      const isEnded = run?.landed.has(id) === true || run?.blocked.has(id) === true;
      if (!isReady && isEnded) this.#ended.add(id);
      if (isReady && (this.#ended.has(id) || this.#landed.has(id))) ready.push(id);
    }
    if (ready.length === 0) return [];
    this.#landed = await ports.target.landedTasks();
    const reopened = ready.filter((id) => !this.#landed.has(id) && this.#ended.has(id));
    for (const id of reopened) this.#ended.delete(id);
    return reopened;
  }
}
