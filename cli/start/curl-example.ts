/** A command to paste into a shell: sends the demo user a message. */
import { DEMO_USER } from '../../platform/names/demo.ts';

/** Whose credential the command uses. An operator's is not shown again: a shell variable holds it. */
export type CurlCredential =
  | { readonly kind: 'demo-app'; readonly key: string }
  | {
      readonly kind: 'operator';
      /** The variable's name. */
      readonly variable: string;
      /** A shell command whose output it is set to first; it is there already without. */
      readonly from?: string;
    };

/**
 * Lines of at most 80 characters, for any sh. Without the demo its user may not be there, so that the command
 * makes it first.
 * @param graph the address of the graph.
 */
export function curlExample(graph: string, credential: CurlCredential): string[] {
  const isDemo = credential.kind === 'demo-app';
  const before =
    isDemo || credential.from === undefined ? [] : [`${credential.variable}=$(${credential.from})`];
  const bearer = isDemo
    ? `'Authorization: Bearer ${credential.key}'`
    : `"Authorization: Bearer $${credential.variable}"`;
  const makeUser = isDemo ? [] : [`upsertUsers(users: {id: \\"${DEMO_USER}\\"}) {id} `];
  // A JSON string takes no line break: the query is joined from quoted pieces.
  const query = [
    '    "query": "mutation ($input: SendNotificationInput!) { ',
    ...makeUser,
    'sendNotification(input: $input) { notification { id state } } }"}',
  ].join(`'\\\n'`);
  return [
    ...before,
    `curl ${graph} -H 'Content-Type: application/json' \\`,
    `  -H ${bearer} \\`,
    `  -d '{"variables": {"input": {`,
    `    "to": [{"user": "${DEMO_USER}"}], "channels": ["IN_APP"],`,
    `    "content": {"title": "Hello", "body": "Sent from a terminal"}}},`,
    ...`${query}'`.split('\n'),
  ];
}
