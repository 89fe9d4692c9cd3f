/** Robots of groups, as an account of a chat configures them and `robot:<name>` addresses them. */
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';

const ROBOT = 'robot:';

/** @param secrets what each robot has besides its name. */
export const robotsSchema = <S extends z.ZodRawShape>(secrets: S) =>
  z
    .array(
      z.object({
        name: z
          .string()
          .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be of a-z, 0-9, _ and -')
          .meta({ title: 'Name' }),
        ...secrets,
      }),
    )
    .default([])
    .meta({ title: 'Group robots', description: 'Reached as robot:<name>', secret: true });

/** For a configuration's own check: one address names one robot. */
export function checkRobotNames(
  robots: readonly { readonly name: string }[],
  context: z.RefinementCtx,
): void {
  if (new Set(robots.map(({ name }) => name)).size < robots.length)
    context.addIssue({ code: 'custom', path: ['robots'], message: 'must have different names' });
}

export const isRobot = (address: string): boolean => address.startsWith(ROBOT);

/** A robot that is silenced, or gone, is paused alone. */
export const robotDestination = (address: string): string | undefined =>
  isRobot(address) ? address : undefined;

export const robotOf = <R extends { readonly name: string }>(
  robots: readonly R[],
  { address }: Pick<OutgoingMessage, 'address'>,
): R | undefined => robots.find(({ name }) => name === address.slice(ROBOT.length));
