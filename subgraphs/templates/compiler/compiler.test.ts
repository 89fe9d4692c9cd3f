import { afterAll, describe, expect, test, vi } from 'vitest';
import { COMPILE_LIMITS } from '../sources/limits.ts';
import type { TemplateBody } from '../store/records.ts';
import { Compilers } from './compiler.ts';

vi.setConfig({ testTimeout: 60_000 });

const compilers = new Compilers({ ...COMPILE_LIMITS, stepMs: 2_000 });
const quick = compilers.of('default');
afterAll(() => compilers.close());

const mail = (html: string, body = 'x'): TemplateBody => ({
  name: 'Mail',
  channels: ['EMAIL'],
  contents: [
    { channel: 'SMS', body: 'x' },
    { channel: 'EMAIL', title: 'T', body, html },
  ],
});
const compile = (html: string, body?: string, compiler = quick) =>
  compiler.compileVersion({ body: mail(html, body), problems: [] }, 'unbounded');

const css = Array.from({ length: 8_000 }, (_, i) => `.a${i} *:not(.b) > a ~ b{color:red}`).join('');
const tags = '<div class="a1"><a></a></div>'.repeat(3_000);
const nested = '<div>'.repeat(60_000);

test('the event loop goes on while a mail is compiled that takes too long', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  const start = performance.now();
  const { problems } = await compile(`<style>${css}</style>${tags}`);
  clearInterval(timer);
  expect(problems).toEqual([
    { field: 'contents.1.html', message: 'It takes longer than 2000 ms: make it simpler.' },
  ]);
  expect(performance.now() - start).toBeGreaterThan(1_900);
  // Held up it would have one or two; undisturbed it has two hundred.
  expect(turns).toBeGreaterThan(20);
});

describe('what would take for ever is refused at its place', () => {
  test.each([
    ['CSS for nested tags', `<style>a{color:red}</style>${nested}`, 'html'],
    [
      'CSS in MJML',
      `<mjml><mj-head><mj-style inline="inline">${css}</mj-style></mj-head><mj-body><mj-raw>${tags}</mj-raw></mj-body></mjml>`,
      'html',
    ],
    [
      'MJML that is nested',
      `<mjml><mj-body>${'<mj-wrapper>'.repeat(5_000)}${'</mj-wrapper>'.repeat(5_000)}</mj-body></mjml>`,
      'html',
    ],
    ['the text of tags that are nested', nested, 'body'],
  ])('%s', async (_name, html, part) => {
    expect(await compile(html, ' ')).toEqual({
      body: mail(html, ' '),
      problems: [
        {
          field: `contents.1.${part}`,
          message: expect.stringMatching(/nested too deep|longer than 2000 ms/) as string,
        },
      ],
    });
  });

  test('and what needs too much memory', async () => {
    const small = new Compilers({ ...COMPILE_LIMITS, stepMs: 120_000, taskMs: 120_000, memoryMb: 48 });
    const html = `<mjml><mj-body>${'<mj-section/>'.repeat(39_000)}</mj-body></mjml>`;
    const { problems } = await compile(html, 'x', small.of('default'));
    expect(problems).toEqual([
      { field: 'contents.1.html', message: 'It takes more than 48 MB of memory: make it smaller.' },
    ]);
    await small.close();
  }, 120_000);
});

test('what it is given to check, it checks', async () => {
  const input = {
    id: 'a',
    name: 'A',
    contents: [{ channel: 'SMS', body: 'Hi {{name}} {{> foot}}', format: 'TEXT', oversize: 'REFUSE' }],
  } as const;
  const saved = await quick.templateBody({ ...input, contents: [...input.contents] }, { foot: 'bye' });
  expect(saved).toMatchObject({ name: 'A', channels: ['SMS'], calls: ['foot'] });
  await expect(quick.templateBody({ ...input, contents: [...input.contents] }, {})).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    field: 'input.contents.0.body',
  });
  expect(await quick.lintBody(mail('<p>{{{a}}}</p>'))).toMatchObject([
    { field: 'contents.1.html', rule: 'unescaped-html' },
  ]);
  expect(await quick.partialsProblem({ a: '{{> b}}', b: '{{> a}}' })).toMatchObject({ name: 'a' });
  const words = {
    id: 'a',
    version: 1,
    channels: ['SMS'] as const,
    sample: false,
    user: {},
    notification: {},
  };
  expect(await quick.putIntoWords(mail('x'), { ...words, data: {} })).toMatchObject([{ body: 'x' }]);
  await expect(quick.putIntoWords(mail('x'), { ...words, data: 'text' })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    field: 'data',
  });
});
