/**
 * Makes fallback chains of planned deliveries, once it is known which of them can be sent at all: the first step
 * that can begins at once, the later ones are held back. Pure.
 */
import {
  deliveryId,
  type PlannedChainPlace,
  type PlannedDelivery,
  type PlanPage,
} from '../../subgraphs/notifications/index.ts';
import type { StepOfChain } from './plan.ts';

/** A delivery of a plan in the making. */
export type ChainedDelivery = PlannedDelivery & { readonly chained?: StepOfChain };

/** What cannot be sent is in no chain: the step after it is the next one. */
const canBeSent = ({ skipReason, renderError }: PlannedDelivery): boolean =>
  skipReason === undefined && renderError === undefined;

export function withChains(page: PlanPage): PlanPage {
  const deliveries: readonly ChainedDelivery[] = page.deliveries;
  if (!deliveries.some(({ chained }) => chained)) return page;
  const places = new Map<ChainedDelivery, PlannedChainPlace>();
  for (const chain of Map.groupBy(deliveries.filter(canBeSent), ({ chained }) => chained?.of).values())
    for (const [delivery, place] of placesOf(page, chain)) places.set(delivery, place);
  return {
    ...page,
    deliveries: deliveries.map((delivery) => {
      const { chained: _step, ...planned } = delivery;
      const chain = places.get(delivery);
      return chain ? { ...planned, chain } : planned;
    }),
  };
}

/** Of one recipient's deliveries that can be sent; none where that is a single step. */
function placesOf(
  { notification }: PlanPage,
  deliveries: readonly ChainedDelivery[],
): [ChainedDelivery, PlannedChainPlace][] {
  const inChain = deliveries.flatMap((delivery) =>
    delivery.chained ? [{ delivery, ...delivery.chained }] : [],
  );
  const steps = new Map(inChain.map(({ index, step }) => [index, step]));
  const order = [...steps.keys()].sort((a, b) => a - b);
  if (order.length < 2) return [];
  const members = inChain.map(({ delivery }) => deliveryId(notification, delivery));
  return inChain.map(({ delivery, index, step }) => {
    const position = order.indexOf(index);
    const next = steps.get(order[position + 1] ?? -1);
    const place: PlannedChainPlace = {
      members,
      step: index,
      waits: position > 0,
      ...(next && { success: next.unless }),
      ...(position > 0 && step.afterSeconds !== undefined && { afterSeconds: step.afterSeconds }),
    };
    return [delivery, place];
  });
}
