/** What the commands of packages ask. */
export const PACKAGE_IDS = /* GraphQL */ `
  query PackageIds($after: String) {
    packages(first: 100, after: $after) {
      nodes {
        id
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

export const EXPORT_PACKAGE = /* GraphQL */ `
  query ExportPackage($id: ID!, $version: Int) {
    exportPackage(id: $id, version: $version) {
      path
      content
    }
  }
`;

export const IMPORT_PACKAGE = /* GraphQL */ `
  mutation ImportPackage($input: PackageImportInput!, $dryRun: Boolean!) {
    importPackage(input: $input, dryRun: $dryRun) {
      changes {
        path
        change
        diff
      }
      problems {
        severity
        field
        message
      }
    }
  }
`;

export const PUBLISH_PACKAGE = /* GraphQL */ `
  mutation PublishPackage($id: ID!, $note: String) {
    publishPackage(id: $id, note: $note) {
      id
      publishedVersion
    }
  }
`;
