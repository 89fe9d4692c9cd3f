/** Whether an app may send what it asks for. Pure. */
import type { AppPermissions } from '../../../platform/auth/principal.ts';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { SendInput } from './check-input.ts';

/** @param at path of the input, for the field. @returns FORBIDDEN, or undefined. */
export function permissionProblem(
  may: AppPermissions | undefined,
  input: SendInput | undefined,
  at: string,
): HeraldError | undefined {
  if (!may || !input) return undefined;
  const { events, templates, content, channels } = may;
  if (input.event != null && events && !isAmong(events, input.event))
    return forbidden(`${at}.event`, `the event "${input.event}"`, events);
  if (input.template != null && templates && !isAmong(templates, input.template))
    return forbidden(`${at}.template`, `the template "${input.template}"`, templates);
  if (input.content && content === false)
    return new HeraldError('FORBIDDEN', 'This app may not send words of its own.', {
      field: `${at}.content`,
    });
  if (!channels) return undefined;
  // Without channels a template, or a person's preferences, would choose them; a route is the operators' choice.
  if (input.event == null && !input.channels && !input.fallback && (input.to ?? []).some(isPerson))
    return forbidden(`${at}.channels`, 'on channels that it does not name', channels);
  for (const { channel, field } of channelsNamed(input, at))
    if (!channels.some((one) => one === channel)) return forbidden(field, `on ${channel}`, channels);
  return undefined;
}

const isPerson = ({ address }: NonNullable<SendInput['to']>[number]): boolean => address == null;

const isAmong = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

const channelsNamed = ({ channels, fallback, to }: SendInput, at: string) => [
  ...(channels ?? []).map((channel, index) => ({ channel, field: `${at}.channels.${index}` })),
  ...(fallback ?? []).flatMap((step, index) =>
    step.channels.map((channel, position) => ({
      channel,
      field: `${at}.fallback.${index}.channels.${position}`,
    })),
  ),
  ...(to ?? []).flatMap(({ channel }, index) =>
    channel == null ? [] : [{ channel, field: `${at}.to.${index}.channel` }],
  ),
];

const forbidden = (field: string, what: string, allowed: readonly string[]): HeraldError =>
  new HeraldError(
    'FORBIDDEN',
    `This app may not send ${what}; it may: ${allowed.length > 0 ? allowed.join(', ') : 'none'}. An operator changes that with updateApp.`,
    { field },
  );
