/** Mongoose models of the templates subgraph. `_id` serves every query (a workspace is a range of it): no further index. */
import { type Connection, type Model, Schema } from 'mongoose';
import type { RouteBody } from '../contract.ts';
import type { HeadRecord, TemplateBody, VersionRecord } from './records.ts';

/** A collection of heads and one of the versions that were replaced. */
export interface VersionedModels<Body> {
  readonly heads: Model<HeadRecord<Body>>;
  readonly versions: Model<VersionRecord<Body>>;
}
export interface TemplatesModels {
  readonly templates: VersionedModels<TemplateBody>;
  readonly routes: VersionedModels<RouteBody>;
}

const options = { versionKey: false, minimize: false, autoIndex: false, autoCreate: false } as const;
const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const date = { type: Date, required: true } as const;
// Bodies are checked where they are accepted and replaced as a whole.
const body = { type: Schema.Types.Mixed } as const;

export const templatesModels = (connection: Connection): TemplatesModels => ({
  templates: {
    heads: connection.model<HeadRecord<TemplateBody>>('Template', headSchema(), 'templates'),
    versions: connection.model<VersionRecord<TemplateBody>>(
      'TemplateVersion',
      versionSchema(),
      'template_versions',
    ),
  },
  routes: {
    heads: connection.model<HeadRecord<RouteBody>>('Route', headSchema(), 'routes'),
    versions: connection.model<VersionRecord<RouteBody>>('RouteVersion', versionSchema(), 'route_versions'),
  },
});

const headSchema = () =>
  new Schema(
    {
      _id: text,
      workspace: text,
      id: text,
      nextVersion: number,
      revision: number,
      draft: body,
      published: body,
      publishedVersion: Number,
      publishedAt: Date,
      updatedAt: date,
    },
    options,
  );

const versionSchema = () =>
  new Schema(
    {
      _id: text,
      workspace: text,
      id: text,
      version: number,
      body: { ...body, required: true },
      publishedAt: date,
    },
    options,
  );
