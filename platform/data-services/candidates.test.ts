import { expect, test } from 'vitest';
import { cacheMegabytes, redisVersion } from './candidates.ts';
import { hostsOf, nextReplicaSetStep, type ReplicaSetConfig } from './mongo-probe.ts';
import { failureText } from './mongod-download.ts';
import { isSupportedPython, pipFailure, pipProgress } from './python-packages.ts';

test.each([
  [
    'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0',
    '7.0.15',
    true,
  ],
  ['Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=1536df31c0395150', '9.1.2', true],
  ['Redis server v=6.2.0 sha=0', '6.2.0', true],
  ['Redis server v=6.0.16 sha=0', '6.0.16', false],
  ['Redis server v=10.0.1 sha=0', '10.0.1', true],
  ['something else', 'unknown', false],
])('redisVersion of %s', (output, version, usable) => {
  expect(redisVersion(output)).toEqual({ version, usable });
});

test.each([
  [2 ** 29, 256],
  [4 * 2 ** 30, 1024],
  [256 * 2 ** 30, 4096],
])('of %i bytes of memory the cache takes %i MB', (bytes, megabytes) => {
  expect(cacheMegabytes(bytes)).toBe(megabytes);
});

test.each([
  ['3.10', false],
  ['3.11', true],
  ['3.13', true],
  ['3.14', false],
  ['2.7', false],
  ['', false],
])('isSupportedPython(%s) is %s', (version, supported) => {
  expect(isSupportedPython(version)).toBe(supported);
});

test.each([
  [
    '  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)',
    'downloading numpy (16.9 MB)',
  ],
  ['  Downloading python_dateutil-4.0.0-py3-none-any.whl (92 kB)', 'downloading python_dateutil (92 kB)'],
  ['Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (62 kB)', undefined],
  ['Installing collected packages: valkey, numpy', 'unpacking'],
  ['Collecting numpy', undefined],
])('pipProgress(%s)', (line, shown) => {
  expect(pipProgress(line)).toBe(shown);
});

test.each([
  [
    'Collecting x\nERROR: Could not find a version\nERROR: No matching distribution found for x==1',
    'No matching distribution found for x==1',
  ],
  [
    'WARNING: Failed to establish a new connection: [Errno -2]\nERROR: No matching distribution found for x==1',
    'No matching distribution found for x==1 (PyPI cannot be reached)',
  ],
  ['ERROR: No space left on device', 'No space left on device'],
  ['killed', undefined],
])('pipFailure(%s)', (output, why) => {
  expect(pipFailure(output)).toBe(why);
});

const config = (host: string, ...more: string[]): ReplicaSetConfig => ({
  _id: 'herald',
  version: 3,
  members: [host, ...more].map((h, _id) => ({ _id, host: h })),
});
test.each([
  ['a primary', { setName: 'herald', isWritablePrimary: true }, undefined, 'ready'],
  ['a new server', {}, undefined, 'initiate'],
  ['an election under way', { setName: 'herald', isWritablePrimary: false }, config('127.0.0.1:1'), 'wait'],
  ['another port than at the last start', { isWritablePrimary: false }, config('127.0.0.1:2'), 'reconfigure'],
  [
    'more members than ours',
    { isWritablePrimary: false },
    config('127.0.0.1:1', '127.0.0.1:2'),
    'reconfigure',
  ],
] as const)('nextReplicaSetStep: %s', (_, hello, current, step) => {
  expect(nextReplicaSetStep(hello, current, '127.0.0.1:1')).toBe(step);
});

test.each([
  ['mongodb://127.0.0.1:27017/herald?replicaSet=x', '127.0.0.1:27017'],
  ['mongodb://user:secret@a.example:1,b.example:2/x', 'a.example:1,b.example:2'],
  ['mongodb+srv://user:se%40cret@cluster.example', 'cluster.example'],
  ['nonsense', 'the given address'],
])('hostsOf(%s) has no credentials', (uri, hosts) => {
  expect(hostsOf(uri)).toBe(hosts);
});

test.each([
  [
    'Download failed for url "https://mirror.example/linux/mongodb-8.2.6.tgz", Details: Max retries',
    'mirror.example did not deliver it',
  ],
  ['no answer within 5 s', 'no answer within 5 s'],
])('failureText(%s)', (message, text) => {
  expect(failureText(message)).toBe(text);
});
