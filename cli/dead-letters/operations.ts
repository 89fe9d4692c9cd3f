/** What failed for good, and sending it again. */
export const DEAD_LETTERS = /* GraphQL */ `
  query DeadLetters($filter: DeadLetterFilter, $first: Int, $after: String) {
    deadLetters(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        state
        channel
        reason
        lastError
        attempts
        failedAt
        resolvedBy
        resolvedReason
        user {
          id
        }
        notification {
          id
        }
        delivery {
          address
        }
        replay {
          id
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

export const REPLAY = /* GraphQL */ `
  mutation Replay($id: ID!, $deliveries: [ID!]) {
    replayNotification(id: $id, deliveries: $deliveries) {
      id
      state
    }
  }
`;
