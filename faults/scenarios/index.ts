/** Every scenario, in the order of the report. */
import type { Scenario } from '../scenario.ts';
import { scenarios as clock } from './clock.ts';
import { scenarios as dataServices } from './data-services.ts';
import { scenarios as disk } from './disk.ts';
import { scenarios as killed } from './killed-processes.ts';
import { scenarios as links } from './links.ts';
import { scenarios as poison } from './poison.ts';
import { scenarios as provider } from './provider.ts';
import { scenarios as stopped } from './stopped-processes.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...killed,
  ...stopped,
  ...poison,
  ...clock,
  ...dataServices,
  ...disk,
  ...links,
  ...provider,
];
