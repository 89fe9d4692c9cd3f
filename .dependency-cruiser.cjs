/**
 * Which room may import what (the table is in CONTRIBUTING.md). `checks/import-rules.test.ts` plants one
 * forbidden import for each rule here and sees it reported.
 */

/** Tests and tools may look anywhere; product code never imports them. */
const TEST_CODE = [
  '^(testing|checks|scripts|bench|e2e|faults)/',
  '\\.(test|e2e)\\.tsx?$',
  // What the tests of one room share: stand-ins for services, the providers' conformance suite and its fixtures.
  '^(platform|subgraphs|dispatcher|gateway|client|console|cli)/.*/?testing/',
  '^dispatcher/channels/.*conformance(-fixture)?\\.ts$',
  '^dispatcher/channels/.*/(fake-http-server|decrypt-push|verify-dkim|verify-sigv4|self-signed-certificate)\\.ts$',
];
/** Configuration of tools at the top level may, too. */
const NOT_PRODUCT = [...TEST_CODE, '^[^/]+\\.(ts|cjs)$'];

const GENERATED = '/generated/';

/** Rooms by name, as a path pattern. */
const rooms = (...names) => `^(${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'Files that import each other in a circle cannot be understood, tested or loaded one by one. Generated types are a case apart: they name the types that resolvers get as parents, and those files use them.',
      from: { pathNot: GENERATED },
      to: { circular: true, viaOnly: { pathNot: GENERATED } },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'An import of a file or package that is not there.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'platform-knows-no-domain',
      severity: 'error',
      comment: 'platform/ is what every role needs and no domain owns.',
      from: { path: rooms('platform'), pathNot: NOT_PRODUCT },
      to: { path: rooms('subgraphs', 'dispatcher', 'gateway', 'client', 'console', 'cli') },
    },
    {
      name: 'subgraphs-know-platform-and-subgraphs',
      severity: 'error',
      comment: 'A subgraph imports platform/ and the doors of other subgraphs.',
      from: { path: rooms('subgraphs'), pathNot: NOT_PRODUCT },
      to: { path: rooms('dispatcher', 'gateway', 'client', 'console', 'cli') },
    },
    {
      name: 'subgraphs-direction',
      severity: 'error',
      comment:
        'notifications → templates, users; the others import no subgraph (analytics reads only events). An entry point gives its subgraph what that needs of others.',
      from: {
        path: '^subgraphs/(templates|users|analytics)/',
        pathNot: [...NOT_PRODUCT, '^subgraphs/[^/]+/main\\.ts$'],
      },
      to: { path: '^subgraphs/', pathNot: '^subgraphs/$1/' },
    },
    {
      name: 'subgraphs-direction-notifications',
      severity: 'error',
      comment: 'notifications → templates, users.',
      from: { path: '^subgraphs/notifications/', pathNot: NOT_PRODUCT },
      to: { path: '^subgraphs/analytics/' },
    },
    {
      name: 'subgraph-door-between-subgraphs',
      severity: 'error',
      comment: 'index.ts is the one door of a subgraph: its contract is exported there, all else is private.',
      from: { path: '^subgraphs/([^/]+)/', pathNot: NOT_PRODUCT },
      to: { path: '^subgraphs/', pathNot: ['^subgraphs/$1/', '^subgraphs/[^/]+/index\\.ts$'] },
    },
    {
      name: 'subgraph-door',
      severity: 'error',
      comment: 'index.ts is the one door of a subgraph: its contract is exported there, all else is private.',
      from: { pathNot: [...NOT_PRODUCT, rooms('subgraphs'), '^cli/start/run-role\\.ts$'] },
      to: { path: '^subgraphs/', pathNot: '^subgraphs/[^/]+/index\\.ts$' },
    },
    {
      name: 'dispatcher-knows-platform-and-doors',
      severity: 'error',
      comment: 'The dispatcher imports platform/ and the doors of subgraphs.',
      from: { path: rooms('dispatcher'), pathNot: NOT_PRODUCT },
      to: { path: rooms('gateway', 'client', 'console', 'cli') },
    },
    {
      name: 'provider-knows-the-contract',
      severity: 'error',
      comment:
        'A provider folder imports the channel contract, dispatcher/channels/network/, retry-after.ts and packages.',
      from: { path: '^dispatcher/channels/(?!network/)([^/]+)/', pathNot: NOT_PRODUCT },
      to: {
        path: rooms('platform', 'subgraphs', 'dispatcher', 'gateway', 'client', 'console', 'cli'),
        pathNot: [
          '^dispatcher/channels/$1/',
          '^dispatcher/channels/(contract|retry-after)\\.ts$',
          '^dispatcher/channels/network/',
        ],
      },
    },
    {
      name: 'provider-network-is-alone',
      severity: 'error',
      comment: 'What providers share imports only the channel contract.',
      from: {
        path: ['^dispatcher/channels/network/', '^dispatcher/channels/(contract|retry-after)\\.ts$'],
        pathNot: NOT_PRODUCT,
      },
      to: {
        path: rooms('platform', 'subgraphs', 'dispatcher', 'gateway', 'client', 'console', 'cli'),
        pathNot: ['^dispatcher/channels/network/', '^dispatcher/channels/(contract|retry-after)\\.ts$'],
      },
    },
    {
      name: 'gateway-knows-platform',
      severity: 'error',
      comment: 'The gateway imports platform/; it reaches the rest through the graph.',
      from: { path: rooms('gateway'), pathNot: NOT_PRODUCT },
      to: { path: rooms('dispatcher', 'client', 'console', 'cli') },
    },
    {
      name: 'gateway-runs-subgraphs-in-one-place',
      severity: 'error',
      comment: 'Only in-process-subgraphs.ts runs subgraphs inside the gateway.',
      from: { path: rooms('gateway'), pathNot: [...NOT_PRODUCT, '^gateway/in-process-subgraphs\\.ts$'] },
      to: { path: rooms('subgraphs') },
    },
    {
      name: 'client-knows-nothing-of-ours',
      severity: 'error',
      comment: 'The SDK is published by itself.',
      from: { path: rooms('client'), pathNot: NOT_PRODUCT },
      to: { path: rooms('platform', 'subgraphs', 'dispatcher', 'gateway', 'console', 'cli') },
    },
    {
      name: 'client-core-needs-no-react',
      severity: 'error',
      comment: 'Who uses the client without React must not need it.',
      from: { path: '^client/(?!react/)', pathNot: NOT_PRODUCT },
      to: { path: '^client/react/' },
    },
    {
      name: 'console-knows-the-client',
      severity: 'error',
      comment: 'The console is a client like any other.',
      from: { path: rooms('console'), pathNot: NOT_PRODUCT },
      to: { path: rooms('platform', 'subgraphs', 'dispatcher', 'gateway', 'cli') },
    },
    {
      name: 'cli-knows-platform-and-client',
      severity: 'error',
      comment: 'The CLI imports platform/ and client/; run-role.ts alone loads the entry point of a role.',
      from: { path: rooms('cli'), pathNot: [...NOT_PRODUCT, '^cli/start/run-role\\.ts$'] },
      to: { path: rooms('subgraphs', 'dispatcher', 'gateway', 'console') },
    },
    {
      name: 'cli-runs-entry-points',
      severity: 'error',
      comment: 'run-role.ts loads entry points and nothing else of a role.',
      from: { path: '^cli/start/run-role\\.ts$' },
      to: {
        path: rooms('subgraphs', 'dispatcher', 'gateway', 'console'),
        pathNot: '/(scheduler-)?main\\.ts$',
      },
    },
    {
      name: 'entry-points-are-not-imported',
      severity: 'error',
      comment: 'Only run-role.ts loads the entry point of a role.',
      from: { pathNot: [...NOT_PRODUCT, '^cli/start/run-role\\.ts$'] },
      to: { path: '/(scheduler-)?main\\.ts$', pathNot: 'node_modules' },
    },
    {
      name: 'product-needs-no-test-code',
      severity: 'error',
      comment: 'Product code imports neither tests nor tools.',
      from: { pathNot: NOT_PRODUCT },
      to: { path: TEST_CODE },
    },
    {
      name: 'product-needs-no-dev-package',
      severity: 'error',
      comment: 'A package that only development installs is missing in production.',
      from: { pathNot: [...NOT_PRODUCT, '^client/react/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'react-parts-need-only-react',
      severity: 'error',
      comment: 'React is a peer dependency of the package: pages bring their own. Nothing else is.',
      from: { path: '^client/react/', pathNot: NOT_PRODUCT },
      to: {
        path: 'node_modules/',
        pathNot: 'node_modules/react/',
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What browsers load resolves by the server's paths.
    exclude: { path: '^(console/public|gateway/pages/static|client/dist)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
