import { expect, it } from 'vitest';
import { newId } from '../names/ids.ts';
import { idsOfJob, planJobId, sendJobId } from './job-ids.ts';

const ids = Array.from({ length: 37 }, () => newId('ntf'));
const at = (ms: number) => new Date(ms);

it.each([
  ['the first plan', planJobId(ids), 37],
  ['a plan that comes again', planJobId(ids, 1_790_000_000_000), 37],
  ['a single plan', planJobId(ids.slice(0, 1)), 1],
  ['a send', sendJobId(ids, 3, at(5)), 37],
  ['of another kind', 'repeat-me', 1],
])('%s tells how many ids it has, without a colon', (_what, jobId, count) => {
  expect(idsOfJob(jobId)).toBe(count);
  expect(jobId).not.toContain(':');
});

it('is the same for the same step, another for another', () => {
  expect(planJobId(ids)).toBe(planJobId([...ids]));
  expect(sendJobId(ids, 1, at(5))).toBe(sendJobId([...ids], 1, at(5)));
  const others = [
    planJobId(ids),
    planJobId(ids, 1),
    planJobId(ids, 2),
    planJobId(ids.slice(1)),
    sendJobId(ids, 1, at(5)),
    sendJobId(ids, 2, at(5)),
    sendJobId(ids, 1, at(6)),
  ];
  expect(new Set(others).size).toBe(others.length);
});
