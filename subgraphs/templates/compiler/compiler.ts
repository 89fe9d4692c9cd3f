/** Checks and compiles sources in a process of their own: none holds up this one, and none goes on without end. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { PartialInput, TemplateInput } from '../generated/types.ts';
import type { PackageFile } from '../packages/files/package-content.ts';
import type { PackageInputs } from '../packages/files/read-files.ts';
import type { SourcedContent } from '../sources/compile-template.ts';
import { COMPILE_LIMITS } from '../sources/limits.ts';
import type { Finding } from '../sources/lint/lint.ts';
import type { PartialProblem, PartialSet } from '../sources/partial-set.ts';
import type { PartialBody, TemplateBody } from '../store/records.ts';
import type { Bounds } from '../versions/compile-version.ts';
import type { GatheredVersion } from '../versions/gather-version.ts';
import type { Wanted } from '../versions/put-into-words.ts';
import { StoppedTask, type TaskLimits, TaskProcess } from './task-process.ts';
import type { TaskArgs, TaskName, TaskResult } from './tasks.ts';

/** One for each process, closed with it. The other process starts with the first task. */
export class Compilers {
  readonly #process: TaskProcess;

  constructor(limits: TaskLimits = COMPILE_LIMITS) {
    this.#process = new TaskProcess(new URL('./compile-process.ts', import.meta.url), limits);
  }

  /** That of a workspace: they share the time. */
  of(workspace: string): Compiler {
    return new Compiler(this.#process, workspace);
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

/** What a workspace lets compile. */
export class Compiler {
  readonly #process: TaskProcess;
  readonly #workspace: string;

  constructor(process: TaskProcess, workspace: string) {
    this.#process = process;
    this.#workspace = workspace;
  }

  /** What `saveTemplate` stores. @throws HeraldError BAD_USER_INPUT naming the field. */
  templateBody(input: TemplateInput, partials: PartialSet): Promise<TemplateBody> {
    return this.#refusing('input', 'templateBody', input, partials);
  }

  /** What `savePartial` stores. @throws HeraldError BAD_USER_INPUT naming the field. */
  partialBody(input: PartialInput, partials: PartialSet): Promise<PartialBody> {
    return this.#refusing('input.source', 'partialBody', input, partials);
  }

  /** What a package's files say. @throws HeraldError BAD_USER_INPUT (`input.files.3`). */
  packageInputs(id: string, files: readonly PackageFile[]): Promise<PackageInputs> {
    return this.#refusing('input.files', 'packageInputs', id, files);
  }

  /** A template in words. @throws HeraldError BAD_USER_INPUT naming `data`, or what in it. */
  putIntoWords(body: TemplateBody, wanted: Wanted): Promise<SourcedContent[]> {
    return this.#refusing('data', 'putIntoWords', body, wanted);
  }

  /** As `partialsProblem` of sources/partial-set.ts. */
  partialsProblem(partials: PartialSet): Promise<PartialProblem | undefined> {
    return this.#run('partials', 'partialsProblem', partials).catch((error: unknown) => {
      const { field, message } = stopped(error);
      return field === 'partials' ? { message } : { name: field.replace('partials.', ''), message };
    });
  }

  /** A version that is compiled, or what is wrong with it. */
  compileVersion(gathered: GatheredVersion, bounds: Bounds = 'bounded'): Promise<GatheredVersion> {
    return this.#run('contents', 'compileVersion', gathered, bounds).catch((error: unknown) => {
      const { field, message } = stopped(error);
      return { body: gathered.body, problems: [{ field, message }] };
    });
  }

  lintBody(body: TemplateBody): Promise<Finding[]> {
    return this.#run('contents', 'lintBody', body).catch((error: unknown) => {
      const { field, message } = stopped(error);
      return [{ severity: 'ERROR', field, message, rule: 'too-much-work' }];
    });
  }

  #refusing<Name extends TaskName>(field: string, task: Name, ...args: TaskArgs<Name>) {
    return this.#run(field, task, ...args).catch((error: unknown) => {
      const ended = stopped(error);
      throw badInput(ended.field, ended.message);
    });
  }

  #run<Name extends TaskName>(field: string, task: Name, ...args: TaskArgs<Name>): Promise<TaskResult<Name>> {
    return this.#process.run(this.#workspace, { task, args }, field) as Promise<TaskResult<Name>>;
  }
}

/** @throws what is something else. */
function stopped(error: unknown): StoppedTask {
  if (error instanceof StoppedTask) return error;
  throw error;
}
