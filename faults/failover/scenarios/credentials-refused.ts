/** The credentials of one account are refused. */
import { markOf } from '../figures.ts';
import { moved } from '../judging.ts';
import { type FailoverScenario, IN_ORDER } from '../scenario.ts';

const refusedCredentials: Pick<FailoverScenario, 'accounts' | 'act' | 'judge'> = {
  accounts: IN_ORDER,
  async act({ mode, mark, run }, short) {
    await run(short ? 3 : 8);
    await mode('a', 'unauthorized');
    mark('fault');
    await run(short ? 4 : 20);
    mark('end');
  },
  judge: (evidence, short) => moved(evidence, markOf(evidence, 'end'), short),
};

export const CREDENTIALS_REFUSED: readonly FailoverScenario[] = [
  {
    name: 'credentials-refused',
    title: 'The first account answers 401',
    about: 'Its credentials are refused from one moment on, and stay so.',
    short: true,
    ...refusedCredentials,
  },
  {
    name: 'credentials-refused-settings',
    title: 'The first account answers 401 (accounts of the settings)',
    about: 'The same with PROVIDER_ACCOUNTS.',
    from: 'settings',
    ...refusedCredentials,
  },
];
