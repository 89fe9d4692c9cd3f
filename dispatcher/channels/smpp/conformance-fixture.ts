import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import smpp, { type PDU, type Session } from 'smpp';
import { listening } from '../network/testing/listening.ts';
import { accountSettings, type ConformanceFixture, type FakeBehaviour } from '../testing/fake-provider.ts';

/** An SMSC of the `smpp` package, which decodes the texts by itself. */
export const fixture: ConformanceFixture = {
  wrongSettings: [
    {
      settings: accountSettings('smpp', { systemId: 'a', password: 'b', from: 'Herald' }),
      names: 'PROVIDER_ACCOUNTS smpp.host',
    },
    {
      settings: accountSettings('smpp', { host: 'h', systemId: 'a', password: 'b', from: 'A name too long' }),
      names: 'PROVIDER_ACCOUNTS smpp.from',
    },
    {
      settings: accountSettings('smpp', { host: 'h', systemId: 'a', password: 'b', from: '123', window: 0 }),
      names: 'PROVIDER_ACCOUNTS smpp.window',
    },
  ],
  async start(behaviour) {
    const password = randomBytes(4).toString('hex');
    const submitted: PDU[] = [];
    const { port, openConnections, stop } = await listening(
      fakeServer(behaviour, password, submitted),
      behaviour,
    );
    return {
      settings: accountSettings('smpp', {
        host: '127.0.0.1',
        port,
        systemId: 'herald',
        password,
        from: 'Herald',
      }),
      secrets: [password],
      recipient: { address: '+491701234567' },
      received: async () =>
        joinSegments(submitted).map((text) => {
          const [title = '', ...lines] = text.split('\n');
          return { title, body: lines.join('\n') };
        }),
      openConnections,
      stop,
    };
  },
};

function fakeServer(behaviour: FakeBehaviour, password: string, submitted: PDU[]) {
  if (behaviour === 'silentConnection' || behaviour === 'malformedAnswer')
    return createServer((socket) => {
      socket.on('error', () => socket.destroy());
      if (behaviour === 'malformedAnswer') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
  return smpp.createServer((session: Session) => {
    session.on('error', () => session.destroy());
    session.on('bind_transceiver', (pdu: PDU) => {
      const known = pdu.system_id === 'herald' && pdu.password === password;
      const status = known && behaviour !== 'refuseEchoingSecrets' ? 0 : 0x0e;
      session.send(pdu.response({ command_status: status, system_id: `SMSC of ${pdu.password}` }));
    });
    session.on('submit_sm', (pdu: PDU) => {
      submitted.push(pdu);
      if (behaviour !== 'silentAfterRequest')
        session.send(pdu.response({ message_id: `id-${submitted.length}` }));
    });
    session.on('enquire_link', (pdu: PDU) => session.send(pdu.response()));
    session.on('unbind', (pdu: PDU) => {
      session.send(pdu.response());
      session.close();
    });
  });
}

/** The texts of what was submitted: segments that belong together are one, in the order of their numbers. */
export function joinSegments(pdus: readonly PDU[]): string[] {
  const texts: string[] = [];
  const parts = new Map<string, { total: number; texts: Map<number, string> }>();
  for (const pdu of pdus) {
    const text = String(pdu.message_payload?.message ?? pdu.short_message?.message ?? '');
    // Concatenation, with a reference of eight bits: 00 03 reference total number.
    const header = pdu.short_message?.udh?.find((element) => element[0] === 0);
    const reference = header?.[2] ?? pdu.sar_msg_ref_num;
    const total = header?.[3] ?? pdu.sar_total_segments;
    const number = header?.[4] ?? pdu.sar_segment_seqnum;
    if (reference === undefined || total === undefined || number === undefined) {
      texts.push(text);
      continue;
    }
    const key = `${pdu.destination_addr}:${reference}`;
    const known = parts.get(key) ?? { total, texts: new Map() };
    parts.set(key, known);
    known.texts.set(number, text);
    if (known.texts.size === total)
      texts.push(Array.from({ length: total }, (_, i) => known.texts.get(i + 1) ?? '').join(''));
  }
  return texts;
}
