/** The templates that a route sends, each once. Pure. */
import type { RouteBody } from './records.ts';

export const templatesOfRoute = (route: RouteBody): readonly string[] => [route.template];
