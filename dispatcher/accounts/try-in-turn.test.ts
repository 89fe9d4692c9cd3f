import { describe, expect, it } from 'vitest';
import type { NotNow } from '../flow/provider-flow.ts';
import { tryInTurn } from './try-in-turn.ts';

const refusing = (waitMs: number, why: NotNow['why'] = 'rate') => ({ waitMs, why });
const taking = { taken: true };

describe('accounts that are asked in turn', () => {
  it.each<[string, readonly (NotNow | typeof taking)[], object | undefined, number]>([
    ['none', [], undefined, 0],
    ['the first that takes it', [refusing(5), taking, taking], taking, 2],
    [
      'the soonest refusal',
      [refusing(9), refusing(3), refusing(7)],
      { refusedBy: 1, refused: refusing(3) },
      3,
    ],
    ['the first of equals', [refusing(3), refusing(3)], { refusedBy: 0, refused: refusing(3) }, 2],
    [
      'a refusal that is final',
      [refusing(3), refusing(9, 'busy'), taking],
      { refusedBy: 1, refused: refusing(9, 'busy') },
      2,
    ],
  ])('%s', async (_what, answers, expected, asked) => {
    const seen: number[] = [];
    const answer = await tryInTurn(
      [...answers.keys()],
      async (index) => {
        seen.push(index);
        return answers[index] ?? taking;
      },
      ({ why }) => why === 'busy',
    );
    expect(answer).toEqual(expected);
    expect(seen).toHaveLength(asked);
  });
});
