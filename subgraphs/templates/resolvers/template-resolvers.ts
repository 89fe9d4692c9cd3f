/** Resolvers of templates. Apps and operators see drafts; users see what is published, without sources. */
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import { notFound } from '../../../platform/errors/herald-error.ts';
import { contentSize } from '../../../platform/message-size/content-size.ts';
import type { RenderedAction, RenderedContent } from '../contract.ts';
import type { ContentSize, Resolvers } from '../generated/types.ts';
import type { TemplateDrafts, TemplateHead } from '../service/template-drafts.ts';
import type { SourcedContent } from '../sources/compile-template.ts';
import type { TemplateSummary } from '../store/records.ts';
import { type LoadersOf, packageOfMember } from './loaders.ts';
import { operatorOf } from './operator-of.ts';
import { pageOf, versionsPage } from './page.ts';

const isUser = (context: RequestContext): boolean => context.principal?.kind === 'user';

/** What this caller sees of a template: the draft where there is one, users the published version. */
function shown(head: TemplateHead, context: RequestContext): TemplateSummary {
  const summary = isUser(context) ? head.published : (head.draft ?? head.published);
  if (!summary) throw notFound('template', head.id);
  return summary;
}

function shownSize(content: SourcedContent): ContentSize {
  const { characters, bytes, sms, limit, fits } = contentSize({ ...content, body: content.plain });
  return {
    characters,
    bytes,
    fits,
    ...(limit && { limit: limit.most, limitUnit: limit.unit }),
    ...(sms && {
      segments: sms.segments,
      encoding: sms.encoding === 'GSM-7' ? 'GSM_7' : 'UCS_2',
      outsideGsm7: [...sms.outsideGsm7],
    }),
  };
}

export function templateResolvers(
  drafts: TemplateDrafts,
  loaders: LoadersOf,
): Pick<Resolvers, 'Template' | 'TemplateContent' | 'RenderedContent'> & {
  Query: Resolvers['Query'];
  Mutation: Resolvers['Mutation'];
} {
  return {
    Query: {
      async template(_, { id }, context) {
        requirePrincipal(context, 'app', 'operator');
        const head = await loaders(context).templates.load(id);
        if (!head) throw notFound('template', id);
        return head;
      },
      async templates(_, args, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return pageOf(args, (after, limit) => drafts.page(workspace, after, limit));
      },
      previewTemplate(_, { user, ...args }, context) {
        const { id, data, locale, version, allowOversize, timezone, sample } = args;
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return drafts.preview(workspace, {
          id,
          data,
          ...(locale != null && { locale }),
          ...(version != null && { version }),
          allowOversize: allowOversize ?? false,
          ...(timezone != null && { timezone }),
          sample: sample ?? false,
          ...(user != null && { user }),
        });
      },
      templateDiff(_, { id, from, to }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return drafts.diff(workspace, id, from ?? undefined, to ?? undefined);
      },
    },
    Mutation: {
      saveTemplate: (_, { input }, context) =>
        drafts.save(requirePrincipal(context, 'operator').workspace, input),
      publishTemplate(_, { id, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.publish(workspace, id, publisher);
      },
      rollbackTemplate(_, { id, version, note }, context) {
        const { workspace, publisher } = operatorOf(context, note);
        return drafts.rollBack(workspace, id, version, publisher);
      },
      removeTemplate(_, { id }, context) {
        const { workspace, publisher } = operatorOf(context);
        return drafts.remove(workspace, id, publisher);
      },
    },
    Template: {
      async __resolveReference({ id }, context) {
        const head = await loaders(context).templates.load(id);
        if (!head || (isUser(context) && !head.published)) return null;
        return head;
      },
      name: (head, _, context) => shown(head, context).name,
      channels: (head, _, context) => [...shown(head, context).channels],
      category: (head, _, context) => shown(head, context).category ?? null,
      variables(head, _, context) {
        const { variables } = shown(head, context);
        return isUser(context) || variables === undefined ? null : JSON.parse(variables);
      },
      publishedVersion: (head) => head.publishedVersion ?? null,
      draftVersion: (head, _, context) => (head.draft && !isUser(context) ? head.nextVersion : null),
      sample(head, _, context) {
        requirePrincipal(context, 'app', 'operator');
        const { sample } = shown(head, context);
        return sample === undefined ? null : JSON.parse(sample);
      },
      async findings(head, _, context) {
        requirePrincipal(context, 'app', 'operator');
        const full = await loaders(context).sources.load(head.id);
        return full ? drafts.findings(full) : [];
      },
      async contents(head, _, context) {
        requirePrincipal(context, 'app', 'operator');
        const full = await loaders(context).sources.load(head.id);
        return [...((full?.draft ?? full?.published)?.contents ?? [])];
      },
      package: (head, _, context) => (isUser(context) ? null : packageOfMember(head, loaders(context))),
      removing: (head, _, context) => !isUser(context) && (head.removing ?? false),
      versions(head, args, context) {
        requirePrincipal(context, 'app', 'operator');
        return versionsPage(args, (before, limit) => drafts.history(head.workspace, head.id, before, limit));
      },
    },
    TemplateContent: {
      oversize: ({ oversize }) => oversize ?? 'REFUSE',
      format: ({ format }) => format ?? 'TEXT',
      actions: ({ actions }) => [...(actions ?? [])],
    },
    RenderedContent: { size: shownSize, actions: ({ data }) => actionsIn(data) },
  };
}

/** As `compileTemplate` puts them there. */
const actionsIn = (data: RenderedContent['data']): RenderedAction[] =>
  Array.isArray(data?.actions) ? (data.actions as RenderedAction[]) : [];
