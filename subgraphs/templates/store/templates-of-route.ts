/** The templates that a route sends, each once. Pure. */
import type { RouteBody } from '../contract.ts';

export const templatesOfRoute = ({ actions }: Pick<RouteBody, 'actions'>): readonly string[] => [
  ...new Set(actions.map(({ template }) => template)),
];
