import { expect, it } from 'vitest';
import { Outage } from './outage.ts';

it('tells the beginning and the end, and how many there were', () => {
  const lines: [object, string][] = [];
  const log = {
    warn: (fields: object, text: string) => void lines.push([fields, text]),
    info: (fields: object, text: string) => void lines.push([fields, text]),
  };
  const outage = new Outage(log as ConstructorParameters<typeof Outage>[0], 'not queued');
  outage.worked();
  expect(lines).toEqual([]);
  const error = new Error('gone');
  outage.failed(error, 3);
  outage.failed(new Error('still gone'));
  outage.worked();
  outage.worked();
  outage.failed(error);
  expect(lines).toEqual([
    [{ err: error }, 'not queued'],
    [{ missed: 4 }, 'over: not queued'],
    [{ err: error }, 'not queued'],
  ]);
});
