import { beforeAll, describe, expect, test } from 'vitest';
import { type GeneratedFile, generatedFiles, readGenerated } from '../scripts/generate.ts';

describe('generated types', () => {
  let files: GeneratedFile[];
  beforeAll(async () => {
    files = await generatedFiles();
  }, 180_000);

  test('are made for every subgraph', () => {
    for (const name of ['analytics', 'notifications', 'templates', 'users'])
      expect(files.map((file) => file.path)).toContain(`subgraphs/${name}/generated/types.ts`);
  });

  test('are current (npm run generate)', async () => {
    const outdated: string[] = [];
    for (const { path, content } of files) if ((await readGenerated(path)) !== content) outdated.push(path);
    expect(outdated).toEqual([]);
  });

  test('take no enum: type stripping has none', () => {
    for (const { content } of files) expect(content).not.toMatch(/^export (const )?enum /m);
  });
});
