/**
 * Another process of the platform: it has a templates subgraph of its own and renders published templates for
 * its parent. Arguments: MongoDB URI, Redis URL, namespace. Each message {id, workspace, template} is answered
 * with {id, body, version}, or {id, error}.
 */
import { openRoom } from './open-room.ts';

const [mongodbUri = '', redisUrl = '', namespace = ''] = process.argv.slice(2);
const room = await openRoom({ mongodbUri, redisUrl, namespace });

interface Request {
  readonly id: number;
  readonly workspace: string;
  readonly template: string;
}

async function render({ workspace, template }: Request): Promise<{ body?: string; version?: number }> {
  const published = await room.service.publishedTemplate(workspace, template);
  if (!published) return {};
  return { body: published.render('IN_APP', undefined, {}).body, version: published.version };
}

process.on('message', (request: Request) => {
  render(request).then(
    (answer) => process.send?.({ id: request.id, ...answer }),
    (error: unknown) => process.send?.({ id: request.id, error: String(error) }),
  );
});
process.on('disconnect', () => {
  void room.close();
});
process.send?.({ ready: true });
