/**
 * Sends a template to one recipient to be looked at, the draft too. It is put into words here and goes on as words, so
 * that a draft is in nothing but its test.
 */
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { storedJsonProblem } from '../../../platform/graphql/json-problem.ts';
import { isLocale, type TemplatesService, type TestedTemplate } from '../../templates/index.ts';
import { personFinder, type UsersService } from '../../users/index.ts';
import type { AcceptService } from '../accept/accept.ts';
import type { SendInput } from '../accept/check-input.ts';
import type { Sender } from '../accept/to-record.ts';
import type { NotificationRecord, RecipientEntry } from '../records/notification-record.ts';

type Words = Awaited<ReturnType<TestedTemplate['words']>>[number];

/** What tests are counted and opted out by. */
export const TEST_CATEGORY = 'test';

export interface TestInput {
  readonly template: string;
  /** The draft where absent, else the published version. */
  readonly version?: number;
  /** Exactly one person, or one address. */
  readonly to: RecipientEntry;
  /** All that the template has, or the address's own, where absent. */
  readonly channels?: readonly Channel[];
  readonly data?: unknown;
  /** The recipient's own where absent. */
  readonly locale?: string;
}

export interface TestDeps {
  readonly accept: Pick<AcceptService, 'accept'>;
  readonly templates: Pick<TemplatesService, 'testedTemplate'>;
  readonly users: Pick<UsersService, 'recipients'>;
  /** Counts a test that is about to be sent. @throws HeraldError RATE_LIMITED */
  count(workspace: string): Promise<void>;
}

/**
 * One notification for each channel, with priority HIGH.
 * @throws HeraldError NOT_FOUND; BAD_USER_INPUT naming the argument (`to.user`, `data.order.id`, `channels.0`), and what
 * accepting throws. Then nothing is sent, unless the store failed between two channels.
 */
export async function sendTest(
  deps: TestDeps,
  sender: Sender,
  input: TestInput,
): Promise<NotificationRecord[]> {
  const { workspace } = sender;
  const { to } = input;
  checkOne(to);
  if (input.locale !== undefined && !isLocale(input.locale))
    throw badInput('locale', 'Must be a language tag, for example "de" or "pt-BR".');
  const data = input.data ?? {};
  const wrongJson = storedJsonProblem(data);
  if (wrongJson !== undefined) throw badInput('data', wrongJson);
  const template = await deps.templates.testedTemplate(workspace, input.template, input.version);
  const person = to.user == null ? undefined : await personFinder(deps.users)(workspace, to.user);
  if (to.user != null && !person)
    throw badInput('to.user', `There is no user "${to.user}". Create it with upsertUsers first.`);
  const locale = input.locale ?? person?.locale;
  const words = await template.words({
    channels: channelsOf(template, input),
    ...(locale !== undefined && { locale }),
    data,
    user: person?.variables ?? {},
    notification: { category: TEST_CATEGORY },
  });
  const inputs = words.map(
    (content): SendInput => ({
      content: contentOf(content),
      to: [to],
      channels: [content.channel],
      priority: 'HIGH',
      category: TEST_CATEGORY,
    }),
  );
  await deps.count(workspace);
  const results = await deps.accept.accept(
    { ...sender, isTest: true },
    inputs,
    inputs.map(() => 'test'),
  );
  return results.map((result) => {
    if (result instanceof HeraldError) throw ofArguments(result);
    return result.notification;
  });
}

function checkOne({ user, group, segment, channel, address }: RecipientEntry): void {
  for (const [name, value] of Object.entries({ group, segment }))
    if (value != null) throw badInput(`to.${name}`, 'A test goes to one recipient: a user, or an address.');
  if ((user == null) === (address == null))
    throw badInput('to', 'Give a user, or an address with its channel.');
  if (user != null && channel != null)
    throw badInput('to.channel', 'A channel goes with an address; for a user say `channels`.');
}

function channelsOf(template: TestedTemplate, { to, channels }: TestInput): readonly Channel[] {
  const wanted = [...new Set(channels ?? (to.channel == null ? template.channels : [to.channel]))];
  if (wanted.length === 0) throw badInput('channels', 'Name at least one channel, or leave it out.');
  for (const [index, channel] of wanted.entries()) {
    const field = channels ? `channels.${index}` : 'to.channel';
    if (!template.channels.includes(channel))
      throw badInput(field, `The template has no content for ${channel}.`);
    if (to.channel != null && channel !== to.channel)
      throw badInput(field, `"${to.address}" is an address of ${to.channel}.`);
  }
  return wanted;
}

const contentOf = ({ title, body, html, url, data }: Words): NonNullable<SendInput['content']> => ({
  body,
  ...(title !== undefined && { title }),
  ...(html !== undefined && { html }),
  ...(url !== undefined && { url }),
  ...(data !== undefined && { data }),
});

/** What is wrong with the send, at the argument that it comes from. */
function ofArguments(error: HeraldError): HeraldError {
  if (error.code !== 'BAD_USER_INPUT') return error;
  const recipient = /^test\.to\.0(\..*)?$/.exec(error.field ?? '');
  return badInput(recipient ? `to${recipient[1] ?? ''}` : 'template', error.message);
}
