/** Which workspaces have dead letters, by skipping from one to the next in the index of lists. */
import type { NotificationModels } from '../store/models.ts';

/** As many small reads as there are workspaces, however many dead letters each has. */
export async function* workspacesWithDeadLetters(
  models: Pick<NotificationModels, 'raw'>,
): AsyncGenerator<string> {
  let after = '';
  for (;;) {
    const [next] = await models.raw.deadLetters
      .find({ byWorkspace: { $gt: after } }, { projection: { workspace: 1 } })
      .sort({ byWorkspace: 1 })
      .limit(1)
      .toArray();
    if (!next) return;
    yield next.workspace;
    // After all of its keys, see list-keys.ts.
    after = `${next.workspace}|~`;
  }
}
