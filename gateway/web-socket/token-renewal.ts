/**
 * New credentials on an open connection, by the payload of a ping (graphql-transport-ws lets both sides put anything
 * there): `{"authorization": "Bearer …"}` is answered by a pong that says what became of it.
 */
import { z } from 'zod';
import { newRequestId } from '../../platform/http/request-id.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { publicError } from '../errors/public-errors.ts';
import { tokenRefreshes } from '../subscriptions/live-metrics.ts';
import type { CallerSession } from './caller-session.ts';

const asksForRenewal = (payload: unknown): payload is { readonly authorization: unknown } =>
  typeof payload === 'object' && payload !== null && 'authorization' in payload;

/** @returns the pong's payload; nothing when the ping is a plain one. Never rejects. */
export async function answerPing(
  session: CallerSession,
  payload: unknown,
  log: Logger,
): Promise<Record<string, unknown> | undefined> {
  if (!asksForRenewal(payload)) return undefined;
  const authorization = z.string().safeParse(payload.authorization);
  if (!authorization.success)
    return refused('BAD_USER_INPUT', 'The authorization must be a text: "Bearer <credential>".');
  try {
    const { expiresAt } = await session.renew(authorization.data);
    tokenRefreshes.inc({ outcome: 'accepted' });
    return { authorization: 'accepted', expiresAt: expiresAt?.toISOString() ?? null };
  } catch (error) {
    const { message, extensions } = publicError(error, { requestId: newRequestId() }, log);
    return refused(String(extensions.code), message);
  }
}

function refused(code: string, message: string): Record<string, unknown> {
  tokenRefreshes.inc({ outcome: 'refused' });
  return { authorization: 'refused', code, message };
}
