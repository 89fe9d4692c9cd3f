/** The account's receipt address with the delivery in it: it comes back with the receipt. */
export function withDelivery(receiptsUrl: string, delivery: string): string {
  const url = new URL(receiptsUrl);
  url.searchParams.set('delivery', delivery);
  return url.href;
}
