/** Resolvers of segments. Operators make them; apps may look. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { badInput, notFound } from '../../../platform/errors/herald-error.ts';
import { connectionOf, decodeCursor, encodeCursor, pageSize } from '../../../platform/graphql/connections.ts';
import type { Resolvers } from '../generated/types.ts';
import { checkCondition } from '../input/segment-input.ts';
import type { Segments } from '../segments/segments.ts';
import type { LoadersOf } from './loaders.ts';

type SegmentResolvers = {
  Query: NonNullable<Resolvers['Query']>;
  Mutation: NonNullable<Resolvers['Mutation']>;
};

export function segmentResolvers(segments: Segments, loaders: LoadersOf): SegmentResolvers {
  return {
    Query: {
      async segment(_, { id }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        const found = await segments.find(workspace, id);
        if (!found) throw notFound('segment', id);
        return found;
      },
      async segments(_, { first, after }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        const size = pageSize(first);
        const found = await segments.page(
          workspace,
          after == null ? undefined : decodeCursor(after),
          size + 1,
        );
        return connectionOf(found, size, ({ id }) => encodeCursor(id), after != null);
      },
      async segmentPreview(_, { id, when, first }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        const size = pageSize(first);
        if ((id == null) === (when == null))
          throw badInput('id', 'Name a segment by its id, or give a condition (when).');
        const condition =
          when == null ? (await segments.find(workspace, id ?? ''))?.when : checkCondition('when', when);
        if (condition === undefined) throw notFound('segment', id ?? '');
        const { users, ...preview } = await segments.preview(workspace, condition, size);
        const found = await loaders(context).users.loadMany(users);
        return {
          ...preview,
          // One who went away meanwhile is left out.
          users: found.flatMap((user) => (user === undefined || user instanceof Error ? [] : user)),
        };
      },
    },
    Mutation: {
      saveSegment(_, { input }, context) {
        const { workspace, name } = requirePrincipal(context, 'operator');
        return segments.save(workspace, input, name);
      },
      deleteSegment(_, { id }, context) {
        const { workspace, name } = requirePrincipal(context, 'operator');
        return segments.remove(workspace, id, name);
      },
    },
  };
}
