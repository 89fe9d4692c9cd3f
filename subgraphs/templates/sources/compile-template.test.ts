import { describe, expect, test } from 'vitest';
import { compileTemplate } from './compile-template.ts';

const template = compileTemplate('t', 3, {
  name: 'T',
  category: 'billing',
  channels: ['EMAIL', 'SMS'],
  variables: JSON.stringify({ required: ['name'] }),
  contents: [
    {
      channel: 'EMAIL',
      locale: 'de',
      title: 'Hallo {{name}}',
      body: 'Text {{name}}',
      html: '<p>{{name}}</p>',
      url: '/{{name}}',
    },
    {
      channel: 'SMS',
      body: 'Hi {{name}}{{#if loop}}{{#each loop}}{{#each @root.loop}}{{/each}}{{/each}}{{/if}}',
    },
    { channel: 'EMAIL', title: '{{empty}}', body: 'Hello {{user.name}}', html: '{{empty}}' },
  ],
});

describe('compileTemplate', () => {
  test('says what it is', () => {
    expect(template).toMatchObject({
      id: 't',
      name: 'T',
      version: 3,
      category: 'billing',
      channels: ['EMAIL', 'SMS'],
    });
  });

  test('renders the content of the channel and locale', () => {
    expect(template.render('EMAIL', 'de-AT', { name: '<A>' })).toEqual({
      channel: 'EMAIL',
      locale: 'de',
      title: 'Hallo <A>',
      body: 'Text <A>',
      html: '<p>&lt;A&gt;</p>',
      url: '/<A>',
    });
  });

  test('parts that come out empty are absent, and sources without locale are "default"', () => {
    expect(template.render('EMAIL', 'fr', { user: { name: 'Ann' } })).toEqual({
      channel: 'EMAIL',
      locale: 'default',
      body: 'Hello Ann',
    });
  });

  test('a picture and buttons come with the words', () => {
    const rich = compileTemplate('r', 1, {
      name: 'R',
      channels: ['WEB_PUSH'],
      contents: [
        {
          channel: 'WEB_PUSH',
          body: 'x',
          imageUrl: 'https://img.example/{{id}}.png',
          actions: [{ title: 'Track {{id}}', url: 'https://track.example/{{id}}' }],
        },
      ],
    });
    expect(rich.render('WEB_PUSH', 'en', { id: 7 })).toEqual({
      channel: 'WEB_PUSH',
      locale: 'default',
      body: 'x',
      imageUrl: 'https://img.example/7.png',
      data: { actions: [{ title: 'Track 7', url: 'https://track.example/7' }] },
    });
  });

  test('knows what a send must give', () => {
    expect(template.dataProblem({})).toEqual({
      path: 'name',
      message: 'The template requires the variable "name".',
    });
    expect(template.dataProblem({ name: 'x' })).toBeUndefined();
  });

  test('a channel without content is an error that names both', () => {
    expect(() => template.render('SLACK', 'en', {})).toThrow(
      'Template "t" version 3 has no content for SLACK.',
    );
  });

  test('dates are of the recipient’s locale and time zone, in the language of the words', () => {
    const body = '{{datetime at}}';
    const dated = compileTemplate(
      'd',
      1,
      {
        name: 'D',
        channels: ['SMS', 'EMAIL'],
        contents: [
          { channel: 'SMS', locale: 'en', body },
          { channel: 'EMAIL', body: '{{> sent}}' },
        ],
      },
      { sent: body },
    );
    const variables = { at: '2026-03-05T22:30:00Z', user: { timezone: 'Asia/Shanghai' } };
    expect(dated.render('SMS', 'en-GB', variables).body).toBe('6 Mar 2026, 06:30');
    expect(dated.render('SMS', 'de', variables).body).toMatch(/^Mar 6, 2026, 6:30\sAM$/);
    expect(dated.render('EMAIL', 'de', variables).body).toBe('06.03.2026, 06:30');
    expect(dated.render('EMAIL', 'de', { ...variables, user: {} }).body).toBe('05.03.2026, 22:30');
  });

  test('what fails at render time names the part', () => {
    const loop = Array.from({ length: 300 }, () => 1);
    expect(() => template.render('SMS', undefined, { loop })).toThrow(
      'The body of template "t" version 3 for SMS cannot be rendered: its loops run more than 50000 times.',
    );
  });
});
