/** What operators do with templates: save, publish, look at, preview. */
import { badInput, HeraldError, notFound } from '../../../platform/errors/herald-error.ts';
import { messageOf } from '../../../platform/errors/message-of.ts';
import { jsonProblem } from '../../../platform/graphql/json-problem.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId, scopedKey } from '../../../platform/names/ids.ts';
import type { TemplateInput } from '../generated/types.ts';
import { templateBody } from '../input/template-input.ts';
import { compileTemplate, type SourcedContent, type SourcedTemplate } from '../sources/compile-template.ts';
import { renderedSizeProblem, sizeProblem } from '../sources/size-problem.ts';
import type { DraftStore } from '../store/draft-store.ts';
import type { HeadRecord, TemplateBody, TemplateSummary } from '../store/records.ts';
import type { PublishedReader } from './published.ts';

export type TemplateHead = HeadRecord<TemplateSummary>;

export interface PreviewRequest {
  readonly id: string;
  readonly data?: unknown;
  readonly locale?: string;
  /** The draft when absent, else the published version. */
  readonly version?: number;
  /** Shows also what is larger than its channel takes. */
  readonly allowOversize?: boolean;
}

export class TemplateDrafts {
  readonly #store: DraftStore<TemplateBody, TemplateSummary>;
  readonly #published: PublishedReader;
  readonly #bus: InvalidationBus;
  readonly #log: Logger;

  constructor(
    store: DraftStore<TemplateBody, TemplateSummary>,
    published: PublishedReader,
    bus: InvalidationBus,
    log: Logger,
  ) {
    this.#store = store;
    this.#published = published;
    this.#bus = bus;
    this.#log = log;
  }

  /** @throws HeraldError BAD_USER_INPUT naming the field. */
  async save(workspace: string, input: TemplateInput): Promise<TemplateHead> {
    return this.#store.saveDraft(workspace, input.id, await templateBody(input));
  }

  /**
   * Takes effect on every process at once.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT when there is no draft, and naming the content
   * (`contents.2.body`) that its channel can never take.
   */
  async publish(workspace: string, id: string): Promise<TemplateHead> {
    const result = await this.#store.publish(workspace, id, async (draft) => {
      const problem = await sizeProblem(draft.contents);
      if (problem) throw badInput(problem.field, problem.message);
    });
    if ('head' in result) {
      this.#log.info(
        { workspace, template: id, version: result.head.publishedVersion },
        'template published',
      );
      await this.#bus.invalidate({ topic: 'template', key: scopedKey(workspace, id) });
      return result.head;
    }
    if (result.refused === 'absent') throw notFound('template', id);
    throw badInput(
      'id',
      `Template "${id}" has no draft to publish; version ${result.publishedVersion} is published already. Save a draft first.`,
    );
  }

  /** By id; ids that are not there are absent from the map. */
  find(workspace: string, ids: readonly string[]): Promise<Map<string, TemplateHead>> {
    return this.#store.heads(workspace, ids.filter(isCallerId));
  }

  /** As `find`, with the sources. */
  findWithSources(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<TemplateBody>>> {
    return this.#store.fullHeads(workspace, ids.filter(isCallerId));
  }

  page(workspace: string, after: string | undefined, limit: number): Promise<TemplateHead[]> {
    return this.#store.page(workspace, after, limit);
  }

  /**
   * One rendered content for each channel, in the order of the sources. Nothing is sent or stored; `user`
   * and `notification` are empty.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT naming `data.<path>` that is missing or wrong, or the content
   * (`contents.2.body`) that is larger than its channel takes.
   */
  async preview(workspace: string, request: PreviewRequest): Promise<SourcedContent[]> {
    const template = await this.#previewed(workspace, request.id, request.version);
    const data = request.data ?? {};
    const wrongJson = jsonProblem(data);
    if (wrongJson !== undefined) throw badInput('data', wrongJson);
    const problem = template.dataProblem(data);
    if (problem) throw badInput(problem.path === '' ? 'data' : `data.${problem.path}`, problem.message);
    // dataProblem has seen that it is an object.
    const variables = { ...(data as object), data, user: {}, notification: {} };
    const contents = template.channels.map((channel) => {
      try {
        return template.renderSourced(channel, request.locale, variables);
      } catch (error) {
        throw new HeraldError('BAD_USER_INPUT', messageOf(error), {
          field: 'data',
          cause: error,
        });
      }
    });
    for (const content of request.allowOversize ? [] : contents) {
      const tooLarge = renderedSizeProblem(content);
      if (tooLarge) throw badInput(tooLarge.field, tooLarge.message);
    }
    return contents;
  }

  async #previewed(workspace: string, id: string, version: number | undefined): Promise<SourcedTemplate> {
    if (!isCallerId(id)) throw notFound('template', id);
    const draft = await this.#store.draft(workspace, id);
    if (draft && (version === undefined || version === draft.version))
      return compileTemplate(id, draft.version, draft.body);
    const published =
      version === undefined
        ? await this.#published.publishedTemplate(workspace, id)
        : await this.#published.templateVersion(workspace, id, version);
    if (!published) throw notFound('template', version === undefined ? id : `${id}, version ${version}`);
    return published;
  }
}
