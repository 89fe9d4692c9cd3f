/** Whether a machine lets so many sockets be opened, and if not, which of its limits is in the way. */
import { readFile } from 'node:fs/promises';

export interface MachineLimits {
  /** RLIMIT_NOFILE, hard: Node raises the soft one to it when it starts. */
  readonly openFiles: number;
  /** Files that may be open on the whole machine, and how many are. */
  readonly allFiles: number;
  readonly allFilesOpen: number;
  /** Ports that one source address has for outgoing connections. */
  readonly portsPerAddress: number;
  /** Memory that can be had without swapping, in bytes. */
  readonly availableBytes: number;
}

/** Besides the sockets: modules, data services, pipes. */
const FILES_BESIDES = 500;
/** Of server, clients and kernel together, measured generously. */
const BYTES_PER_SOCKET = 100 * 1024;
const BYTES_BESIDES = 1024 ** 3;
/** Of an address's ports; the others may be in TIME_WAIT from a run before. */
const USABLE_PORTS = 0.5;

/** One sentence for each limit that is too low; empty when the sockets can be opened. */
export function tooLow(limits: MachineLimits, sockets: number, clientProcesses: number): string[] {
  const perProcess = sockets + FILES_BESIDES;
  const files = 2 * sockets + clientProcesses * FILES_BESIDES;
  const bytes = sockets * BYTES_PER_SOCKET + BYTES_BESIDES;
  const mib = (n: number) => `${Math.ceil(n / 2 ** 20)} MiB`;
  const checks: readonly (readonly [boolean, string])[] = [
    [
      limits.openFiles < perProcess,
      `a process may have ${limits.openFiles} open files, ${perProcess} are needed: raise the hard limit (ulimit -Hn, or nofile in /etc/security/limits.conf)`,
    ],
    [
      limits.allFiles - limits.allFilesOpen < files,
      `the machine may open ${limits.allFiles - limits.allFilesOpen} more files, ${files} are needed: raise fs.file-max`,
    ],
    [
      addressesFor(limits, sockets) > MAX_ADDRESSES,
      `an address has ${limits.portsPerAddress} ports for outgoing connections: widen net.ipv4.ip_local_port_range`,
    ],
    [
      limits.availableBytes < bytes,
      `${mib(limits.availableBytes)} of memory are available, ${mib(bytes)} are needed`,
    ],
  ];
  return checks.filter(([low]) => low).map(([, sentence]) => sentence);
}

/** 127.0.0.1 to 127.0.0.250. */
const MAX_ADDRESSES = 250;

const addressesFor = ({ portsPerAddress }: MachineLimits, sockets: number): number =>
  Math.ceil(sockets / Math.max(1, Math.floor(portsPerAddress * USABLE_PORTS)));

/** Loopback addresses to connect from, so that none runs out of ports. */
export const sourceAddresses = (limits: MachineLimits, sockets: number): readonly string[] =>
  Array.from({ length: addressesFor(limits, sockets) }, (_, i) => `127.0.0.${i + 1}`);

/** @throws Error where there is no /proc: this benchmark reads CPU and memory there. */
export async function machineLimits(): Promise<MachineLimits> {
  const read = (path: string) =>
    readFile(path, 'utf8').catch((error: unknown) => {
      throw new Error('This benchmark needs Linux: it reads limits, CPU and memory from /proc.', {
        cause: error,
      });
    });
  const [own, nr, ports, memory] = await Promise.all(
    [
      '/proc/self/limits',
      '/proc/sys/fs/file-nr',
      '/proc/sys/net/ipv4/ip_local_port_range',
      '/proc/meminfo',
    ].map(read),
  );
  return parseLimits(own ?? '', nr ?? '', ports ?? '', memory ?? '');
}

/** @param own,nr,ports,memory what proc(5) says in the four files that `machineLimits` reads. */
export function parseLimits(own: string, nr: string, ports: string, memory: string): MachineLimits {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(own)?.[1];
  const [open = 0, , most = 0] = nr.trim().split(/\s+/).map(Number);
  const [low = 0, high = 0] = ports.trim().split(/\s+/).map(Number);
  return {
    openFiles: hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard),
    allFiles: most,
    allFilesOpen: open,
    portsPerAddress: high - low + 1,
    availableBytes: Number(/^MemAvailable:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0) * 1024,
  };
}
