/**
 * A process for work that hostile input can make endless, or fill the memory with: off this one's event loop, and killed
 * where it goes beyond its bounds. One task at a time, of whoever had the least time: nobody's many or slow tasks keep the
 * others waiting for more than the one that is under way. It is there while it is needed.
 *
 * Not a thread: where one fills its heap (`resourceLimits`), V8 ends the whole process as often as not.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { HeraldError, unavailable } from '../../../platform/errors/herald-error.ts';
import type { Order, Report } from './messages.ts';

export interface TaskLimits {
  /** From a task's order to the first that is heard of it: a process that starts, and loads what it needs. */
  readonly startMs: number;
  /** Of each thing that a task works on. */
  readonly stepMs: number;
  /** Of a whole task. */
  readonly taskMs: number;
  /** Of the heap, what is loaded included. */
  readonly memoryMb: number;
  /** Without work the process ends. */
  readonly idleMs: number;
  /** Tasks of one asker that wait: more are refused. */
  readonly maxWaiting: number;
}

/** A task that was ended. The message is for people. */
export class StoppedTask extends Error {
  override readonly name = 'StoppedTask';
  /** What it worked on. */
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

interface Job {
  readonly order: Order;
  /** Who asks. */
  readonly asker: string;
  /** What is worked on, and the how many-th thing that is. */
  field: string;
  step: number;
  /** Whether it was given to a process before, which ended for no fault of the task's. */
  isSecond: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** By these V8, or the system, ends what has no memory left. */
const MEMORY_SIGNALS: ReadonlySet<string | null> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGKILL']);

export class TaskProcess {
  readonly #entry: URL;
  readonly #limits: TaskLimits;
  /** By who asks. */
  readonly #waiting = new Map<string, Job[]>();
  /** What tasks have taken, since nothing waited the last time, in ms. */
  readonly #spent = new Map<string, number>();
  #child: ChildProcess | undefined;
  #job: Job | undefined;
  #since = 0;
  #startTimer: NodeJS.Timeout | undefined;
  #stepTimer: NodeJS.Timeout | undefined;
  #taskTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param entry the module that the process runs: it answers each `Order` with `Report`s. */
  constructor(entry: URL, limits: TaskLimits) {
    this.#entry = entry;
    this.#limits = limits;
  }

  /**
   * @param asker for example a workspace: time is shared among them.
   * @param field what is worked on until the process says otherwise.
   * @throws StoppedTask; the HeraldError or Error that the task threw; HeraldError UNAVAILABLE once closed, or when too
   * many wait.
   */
  run(asker: string, order: Order, field: string): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closing());
    if ((this.#waiting.get(asker)?.length ?? 0) >= this.#limits.maxWaiting) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      const job = { order, asker, field, step: 0, isSecond: false, resolve, reject };
      const own = this.#waiting.get(asker);
      if (own) own.push(job);
      else {
        // Nobody saves time up by asking for nothing.
        const least = Math.min(...[...this.#waiting.keys()].map((other) => this.#spent.get(other) ?? 0));
        this.#spent.set(asker, Math.max(this.#spent.get(asker) ?? 0, Number.isFinite(least) ? least : 0));
        this.#waiting.set(asker, [job]);
      }
      this.#next();
    });
  }

  /** Ends the process; what is not done is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...(this.#job ? [this.#job] : []), ...[...this.#waiting.values()].flat()];
    this.#waiting.clear();
    this.#finish();
    const child = this.#child;
    const gone = child && once(child, 'exit');
    child?.ref();
    this.#kill();
    for (const job of open) job.reject(closing());
    await gone;
  }

  #next(): void {
    if (this.#job) return;
    const job = this.#takeTurn();
    if (job) this.#give(job);
    else this.#rest();
  }

  /** The next of whoever had the least time. */
  #takeTurn(): Job | undefined {
    const [asker] = [...this.#waiting.keys()].toSorted(
      (a, b) => (this.#spent.get(a) ?? 0) - (this.#spent.get(b) ?? 0),
    );
    if (asker === undefined) return undefined;
    const own = this.#waiting.get(asker);
    const job = own?.shift();
    if (own?.length === 0) this.#waiting.delete(asker);
    return job;
  }

  #give(job: Job): void {
    clearTimeout(this.#idleTimer);
    this.#job = job;
    this.#since = performance.now();
    const { startMs } = this.#limits;
    this.#startTimer = setTimeout(
      () =>
        this.#onTime(
          job,
          () => job.step === 0,
          () => this.#onEnd(new Error(`the process that compiles says nothing for ${startMs} ms`)),
        ),
      startMs,
    );
    const child = this.#child ?? this.#start();
    // Whoever waits for it keeps this process.
    child.ref();
    child.channel?.ref();
    const onSent = (error: Error | null) => {
      // Who has ended unnoticed until now gets nothing more.
      if (error && this.#job === job && this.#child === child) this.#onEnd(error);
    };
    try {
      child.send(job.order, onSent);
    } catch (error) {
      // What cannot be copied.
      this.#settle(() => job.reject(error));
    }
  }

  #rest(): void {
    this.#spent.clear();
    this.#child?.unref();
    this.#child?.channel?.unref();
    this.#idleTimer = setTimeout(() => this.#kill(), this.#limits.idleMs);
    this.#idleTimer.unref();
  }

  #start(): ChildProcess {
    const child = fork(this.#entry, {
      execArgv: [`--max-old-space-size=${this.#limits.memoryMb}`],
      // No secrets for those who work on what others have written.
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const isCurrent = () => child === this.#child;
    child.on('message', (report) => {
      if (isCurrent()) this.#onReport(report as Report);
    });
    child.on('error', (error) => {
      if (isCurrent()) this.#onEnd(error);
    });
    child.on('exit', (code, signal) => {
      if (!isCurrent()) return;
      const { memoryMb } = this.#limits;
      this.#onEnd(
        MEMORY_SIGNALS.has(signal) || code === 134
          ? `It takes more than ${memoryMb} MB of memory: make it smaller.`
          : new Error(`the process that compiles has ended: ${signal ?? code}`),
        signal === 'SIGKILL',
      );
    });
    return child;
  }

  #onReport(report: Report): void {
    const job = this.#job;
    if (!job) return;
    if (report.kind === 'at') this.#onStep(job, report.field);
    else
      this.#settle(() => {
        if (report.kind === 'made') job.resolve(report.value);
        else job.reject(report.kind === 'refused' ? refusal(report) : report.error);
      });
  }

  #onStep(job: Job, field: string): void {
    const { stepMs, taskMs } = this.#limits;
    const stop = (why: string) => () => {
      this.#kill();
      this.#settle(() => job.reject(new StoppedTask(job.field, `${why}: make it simpler.`)));
    };
    if (job.step === 0)
      this.#taskTimer = setTimeout(
        () => this.#onTime(job, () => true, stop(`With all before it, it takes longer than ${taskMs} ms`)),
        taskMs,
      );
    job.field = field;
    job.step += 1;
    const { step } = job;
    clearTimeout(this.#stepTimer);
    this.#stepTimer = setTimeout(
      () => this.#onTime(job, () => job.step === step, stop(`It takes longer than ${stepMs} ms`)),
      stepMs,
    );
  }

  #onTime(job: Job, isStill: () => boolean, end: () => void): void {
    // Where this process was busy itself, the news that it is done may wait behind the timer.
    setImmediate(() => {
      if (this.#job === job && isStill()) end();
    });
  }

  /**
   * The process has ended by itself, or is of no use.
   * @param why a sentence where the task is to blame.
   * @param wasKilled maybe by the system, which has no memory left, and maybe by somebody.
   */
  #onEnd(why: Error | string, wasKilled = false): void {
    this.#kill();
    const job = this.#job;
    if (!job) return;
    if (!job.isSecond && (wasKilled || job.step === 0)) {
      this.#finish();
      Object.assign(job, { isSecond: true, step: 0 });
      this.#give(job);
      return;
    }
    const error = typeof why === 'string' ? new StoppedTask(job.field, why) : why;
    this.#settle(() => job.reject(error));
  }

  #kill(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  #settle(tell: () => void): void {
    this.#finish();
    tell();
    this.#next();
  }

  #finish(): void {
    if (this.#job) {
      const { asker } = this.#job;
      this.#spent.set(asker, (this.#spent.get(asker) ?? 0) + performance.now() - this.#since);
    }
    this.#job = undefined;
    for (const timer of [this.#startTimer, this.#stepTimer, this.#taskTimer, this.#idleTimer])
      clearTimeout(timer);
  }
}

const closing = (): HeraldError => unavailable('This process is shutting down.');

const RETRY_AFTER_MS = 5_000;

const tooMany = (): HeraldError =>
  new HeraldError('UNAVAILABLE', `Too much is being compiled: try again in ${RETRY_AFTER_MS} ms.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });

const refusal = ({ code, message, field }: Extract<Report, { kind: 'refused' }>): HeraldError =>
  new HeraldError(code, message, field === undefined ? {} : { field });
