import { describe, expect, it } from 'vitest';
import { escapeMarkdown, markdownTarget } from './light-markdown.ts';

describe('escapeMarkdown', () => {
  it.each([
    ['Paid: 5 - 3 = 2 (50 %), done. #7 + 1 > 0!', 'Paid: 5 - 3 = 2 (50 %), done. #7 + 1 > 0!'],
    ['*a* _b_ `c` [d](e) <f> ~g~ \\h', '\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\<f> \\~g\\~ \\\\h'],
    ['# a\n## b\n#c', '\\# a\n\\## b\n#c'],
    ['> a\n- b\n+ c\n-d', '\\> a\n\\- b\n\\+ c\n-d'],
    ['1. a\n2) b\n3.5', '1\\. a\n2\\) b\n3.5'],
    ['a\n===\nb\n---', 'a\n\\===\nb\n\\---'],
  ])('%j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });
});

describe('markdownTarget', () => {
  it.each([
    ['https://a.example/?q=1&r=ü#x', 'https://a.example/?q=1&r=ü#x'],
    ['https://a.example/a(b) c', 'https://a.example/a%28b%29%20c'],
    ['https://a.example/<\\>', 'https://a.example/%3C%5C%3E'],
  ])('%s', (url, target) => {
    expect(markdownTarget(url)).toBe(target);
  });
});
