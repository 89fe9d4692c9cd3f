/** What operators may do with apps and keys. */
export const KEYS = /* GraphQL */ `
  query Keys($after: String) {
    apps(first: 100, after: $after) {
      nodes {
        id
        name
        keys {
          id
          name
          hint
          createdAt
          revokedAt
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    operatorKeys {
      id
      name
      hint
      createdAt
      revokedAt
    }
  }
`;

export const CREATE_APP = /* GraphQL */ `
  mutation CreateApp($name: String!, $rateLimitPerSecond: Int) {
    createApp(name: $name, rateLimitPerSecond: $rateLimitPerSecond) {
      apiKey
      app {
        id
        name
      }
    }
  }
`;

export const CREATE_API_KEY = /* GraphQL */ `
  mutation CreateApiKey($app: ID!, $name: String!) {
    createApiKey(app: $app, name: $name) {
      secret
      key {
        id
        name
      }
    }
  }
`;

export const CREATE_OPERATOR_KEY = /* GraphQL */ `
  mutation CreateOperatorKey($name: String!) {
    createOperatorKey(name: $name) {
      secret
      key {
        id
        name
      }
    }
  }
`;

export const REVOKE_KEY = /* GraphQL */ `
  mutation RevokeKey($id: ID!) {
    revokeKey(id: $id) {
      id
      name
      revokedAt
    }
  }
`;
