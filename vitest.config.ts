import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * These have a `module` field, which Vite reads and Node does not: without the alias a test would load another
 * build of them than the product does, and two copies of graphql refuse each other's types.
 */
const asNodeResolves = ['graphql', 'bullmq'].map((name) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(import.meta.resolve(name)),
}));

/** The suffix decides the kind of a test; see CONTRIBUTING.md. */
export default defineConfig({
  resolve: { alias: asNodeResolves },
  test: {
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    // Time-outs are for what never comes, on a slow and busy machine too; they cost nothing where it comes.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'int',
          include: ['**/*.int.test.ts'],
          globalSetup: ['testing/data-services.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.ts'],
          globalSetup: ['testing/data-services.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
