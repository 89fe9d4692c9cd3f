/** The part of the `smpp` package that Herald uses; the package has no types of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer } from 'node:net';

  /** A request or response. After a refusal (`command_status` is not 0) it has nothing but its head. */
  export interface PDU {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly esm_class?: number;
    readonly data_coding?: number;
    readonly system_id?: string;
    readonly password?: string;
    readonly source_addr?: string;
    readonly source_addr_ton?: number;
    readonly destination_addr?: string;
    readonly registered_delivery?: number;
    readonly validity_period?: string | Date;
    readonly message_id?: string;
    /** Decoded by `data_coding`, and without the header; a Buffer where it could not be. */
    readonly short_message?: { readonly message?: string | Buffer; readonly udh?: readonly Buffer[] };
    readonly message_payload?: { readonly message?: string | Buffer };
    readonly receipted_message_id?: string;
    readonly message_state?: number;
    readonly sar_msg_ref_num?: number;
    readonly sar_total_segments?: number;
    readonly sar_segment_seqnum?: number;
    response(fields?: Readonly<Record<string, unknown>>): PDU;
  }

  type Request = (fields: Readonly<Record<string, unknown>>, answered?: (answer: PDU) => void) => boolean;

  export interface Session extends EventEmitter {
    /** False when the connection is closed for writing: nothing was sent. */
    send(pdu: PDU): boolean;
    bind_transceiver: Request;
    submit_sm: Request;
    deliver_sm: Request;
    enquire_link: Request;
    unbind: Request;
    close(): void;
    destroy(): void;
  }

  interface Smpp {
    connect(options: {
      readonly host: string;
      readonly port: number;
      readonly tls?: boolean;
      readonly rejectUnauthorized?: boolean;
    }): Session;
    createServer(onSession: (session: Session) => void): NetServer;
  }
  const smpp: Smpp;
  // biome-ignore lint/style/noDefaultExport: it is how a CommonJS package is seen
  export default smpp;
}
