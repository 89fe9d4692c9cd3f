/** What is found in a template with all that it would be published with. Pure. */
import { type Finding, lint } from '../sources/lint/lint.ts';
import { sampleData } from '../sources/sample-data.ts';
import type { UnderWay } from '../sources/under-way.ts';
import type { TemplateBody } from '../store/records.ts';

/** @param body with its partials and settings (`gatherVersion`). */
export const lintBody = (body: TemplateBody, at: UnderWay): Finding[] =>
  lint(
    {
      contents: body.contents,
      sample: sampleOf(body),
      ...(body.variables !== undefined && { variables: JSON.parse(body.variables) as unknown }),
      ...(body.partials && { partials: body.partials }),
      ...(body.settings !== undefined && { settings: JSON.parse(body.settings) as unknown }),
    },
    at,
  );

/** The data that it is tried with: its own sample, else the examples of its variables. */
export const sampleOf = ({
  sample,
  variables,
}: Pick<TemplateBody, 'sample' | 'variables'>): Readonly<Record<string, unknown>> =>
  sample === undefined
    ? sampleData(variables === undefined ? undefined : JSON.parse(variables))
    : (JSON.parse(sample) as Record<string, unknown>);
