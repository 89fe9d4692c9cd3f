/** The address that providers call, as a gateway in front of the dispatcher tells it: some sign it. */
export const RECEIPT_URL_HEADER = 'x-herald-receipt-url';
