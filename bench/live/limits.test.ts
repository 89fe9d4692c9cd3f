import { describe, expect, it } from 'vitest';
import { type MachineLimits, parseLimits, sourceAddresses, tooLow } from './limits.ts';

const ENOUGH: MachineLimits = {
  openFiles: 20_000,
  allFiles: 100_000,
  allFilesOpen: 1_000,
  portsPerAddress: 28_232,
  availableBytes: 8 * 1024 ** 3,
};

describe('limits of the machine', () => {
  it.each<[string, Partial<MachineLimits>, RegExp[]]>([
    ['enough', {}, []],
    ['files of a process', { openFiles: 4_096 }, [/4096 open files, 10500 are needed: .*ulimit -Hn/]],
    ['files of the machine', { allFiles: 20_000 }, [/19000 more files, 20500 are needed: .*fs\.file-max/]],
    ['ports', { portsPerAddress: 50 }, [/50 ports .*ip_local_port_range/]],
    ['memory', { availableBytes: 2 ** 30 }, [/1024 MiB of memory are available, 2001 MiB are needed/]],
    ['two at once', { openFiles: 1_024, availableBytes: 0 }, [/1024 open files/, /0 MiB/]],
  ])('%s', (_, changed, expected) => {
    const said = tooLow({ ...ENOUGH, ...changed }, 10_000, 1);
    expect(said).toHaveLength(expected.length);
    for (const [i, sentence] of expected.entries()) expect(said[i]).toMatch(sentence);
  });

  it('takes as many source addresses as the ports ask for', () => {
    expect(sourceAddresses(ENOUGH, 10_000)).toEqual(['127.0.0.1']);
    expect(sourceAddresses({ ...ENOUGH, portsPerAddress: 10_000 }, 10_001)).toEqual([
      '127.0.0.1',
      '127.0.0.2',
      '127.0.0.3',
    ]);
  });

  it('reads what proc(5) says', () => {
    const own = 'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024    524288    files\n';
    const memory = 'MemTotal: 100 kB\nMemAvailable:    2048 kB\n';
    expect(parseLimits(own, '1442\t0\t2466177\n', '32768\t60999\n', memory)).toEqual({
      openFiles: 524_288,
      allFiles: 2_466_177,
      allFilesOpen: 1_442,
      portsPerAddress: 28_232,
      availableBytes: 2 ** 21,
    });
    const unlimited = own.replace('524288', 'unlimited');
    expect(parseLimits(unlimited, '', '', memory).openFiles).toBe(Number.POSITIVE_INFINITY);
  });
});
