/**
 * What `npm run generate` writes: each subgraph's resolver types, from its schema, and the types of the operations
 * in client/, console/ and cli/ (`*.graphql`, and templates marked with a GraphQL comment in `*.ts`), from the graph
 * that callers see.
 */
import { glob, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { printSchema } from 'graphql';
import { apiSchema } from './checks/supergraph.ts';
import { readSubgraphSdls } from './gateway/supergraph/supergraph.ts';
import { SUBGRAPH_NAMES, type SubgraphName } from './platform/graphql/subgraph.ts';

type Outputs = CodegenConfig['generates'];

/**
 * What a subgraph's resolvers get as parents, where it is not the schema's own shape:
 * `{ Type: './file.ts#Name' }`, relative to the generated folder.
 */
const MAPPERS: Readonly<Record<SubgraphName, Readonly<Record<string, string>>>> = {
  notifications: {
    Notification: '../records/notification-record.ts#NotificationRecord',
    Delivery: '../records/delivery-record.ts#DeliveryRecord',
    InboxMessage: '../records/inbox-message-record.ts#InboxMessageRecord',
    User: '../resolvers/parents.ts#UserReference',
    InboxEvent: '../inbox/inbox-events.ts#InboxEventRecord',
    SandboxMessage: '../sandbox/sandbox-store.ts#SandboxMessageRecord',
    DeadLetter: '../dead-letters/dead-letter-record.ts#DeadLetterRecord',
    DeadLetterConnection: '../resolvers/parents.ts#DeadLetterPage',
    AuditEntry: '../audit/audit-record.ts#AuditRecord',
    ProviderAccount: '../provider-accounts/account-view.ts#AccountView',
    Alert: '../alerts/alert-record.ts#AlertRecord',
    TimelineEntry: '../timeline/timeline.ts#TimelineEntryRecord',
    NotificationConnection: '../resolvers/parents.ts#NotificationPage',
    DeliveryConnection: '../resolvers/parents.ts#DeliveryPage',
    InboxConnection: '../resolvers/parents.ts#InboxPage',
  },
  templates: {
    Template: '../service/template-drafts.ts#TemplateHead',
    TemplateContent: '../store/records.ts#StoredContent',
    Route: '../service/route-drafts.ts#RouteHead',
    Partial: '../partials/partial-drafts.ts#PartialHead',
    PartialUsers: '../partials/partial-drafts.ts#PartialUsers as PartialUsersParent',
    Package: '../packages/package-drafts.ts#PackageHead',
    PackageVersion: '../packages/package-drafts.ts#PackageVersion as PackageVersionParent',
    PublishedVersion: '../store/records.ts#VersionStamp',
    RouteAction: '../contract.ts#RouteAction as RouteActionParent',
    RenderedContent: '../sources/compile-template.ts#SourcedContent',
  },
  users: {
    User: '../store/records.ts#UserRecord',
    QuietHours: '../../../platform/quiet-hours/quiet-hours.ts#QuietHours as QuietHoursParent',
    Device: '../store/records.ts#DeviceRecord',
    App: '../store/records.ts#AppRecord',
    ApiKey: '../store/records.ts#KeyRecord',
    Segment: '../segments/segment-record.ts#SegmentDocument',
    Suppression: '../suppressions/suppression-record.ts#SuppressionDocument',
  },
  analytics: {
    DeliveryStats: '../read/delivery-stats.ts#StatsPage',
    DeliveryStat: '../read/delivery-stats.ts#StatRow',
    DeliveryTotals: '../fold/fold.ts#Counts',
    App: '../store/keys.ts#Reference',
    Template: '../store/keys.ts#Reference',
  },
};

const resolverTypes = (name: SubgraphName): Outputs => ({
  [`subgraphs/${name}/generated/types.ts`]: {
    schema: `subgraphs/${name}/schema.graphql`,
    plugins: ['typescript', 'typescript-resolvers'],
    config: {
      federation: true,
      contextType: '../../../platform/auth/principal.ts#RequestContext',
      mappers: MAPPERS[name],
    },
  },
});

/** Callers see scalars as JSON has them. Nothing is written for a room without operations. */
async function operationTypes(room: 'client' | 'console' | 'cli'): Promise<Outputs> {
  const documents: string[] = [];
  for await (const path of glob(`${room}/**/*.{graphql,ts}`, { cwd: import.meta.dirname }))
    if (!path.endsWith('.test.ts') && (await hasOperations(path))) documents.push(path);
  if (documents.length === 0) return {};
  return {
    [`${room}/generated/operations.ts`]: {
      schema: printSchema(apiSchema(await readSubgraphSdls())),
      documents: documents.toSorted(),
      plugins: ['typescript-operations'],
      config: { scalars: { DateTime: 'string', JSON: 'unknown' } },
    },
  };
}

const hasOperations = async (path: string): Promise<boolean> =>
  path.endsWith('.graphql') ||
  (await readFile(resolve(import.meta.dirname, path), 'utf8')).includes('/* GraphQL */');

const config: CodegenConfig = {
  generates: Object.assign(
    {},
    ...SUBGRAPH_NAMES.map(resolverTypes),
    await operationTypes('client'),
    await operationTypes('console'),
    await operationTypes('cli'),
  ) as Outputs,
  config: {
    enumsAsTypes: true,
    useTypeImports: true,
    scalars: { DateTime: 'Date', JSON: 'unknown' },
    defaultScalarType: 'unknown',
    importExtension: '.ts',
    skipTypename: true,
  },
};

export default config;
