/**
 * Mongoose models of the templates subgraph. `_id` serves most queries (a workspace is a range of it, versions are named
 * by it); a package's members and the users of a partial have an index each.
 */
import { type Connection, type Model, Schema } from 'mongoose';
import type { RouteBody } from '../contract.ts';
import type { HeadRecord, PackageBody, PartialBody, TemplateBody, VersionRecord } from './records.ts';

/** A collection of heads and one of the versions that were replaced. */
export interface VersionedModels<Body> {
  readonly heads: Model<HeadRecord<Body>>;
  readonly versions: Model<VersionRecord<Body>>;
}
export interface TemplatesModels {
  readonly templates: VersionedModels<TemplateBody>;
  readonly routes: VersionedModels<RouteBody>;
  readonly partials: VersionedModels<PartialBody>;
  readonly packages: VersionedModels<PackageBody>;
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
  partials: {
    heads: connection.model<HeadRecord<PartialBody>>('Partial', headSchema(), 'template_partials'),
    versions: connection.model<VersionRecord<PartialBody>>(
      'PartialVersion',
      versionSchema(),
      'template_partial_versions',
    ),
  },
  packages: {
    heads: connection.model<HeadRecord<PackageBody>>('Package', headSchema(), 'template_packages'),
    versions: connection.model<VersionRecord<PackageBody>>(
      'PackageVersion',
      versionSchema(),
      'template_package_versions',
    ),
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
      publishedBy: String,
      publishedNote: String,
      publishedRestores: Number,
      packageKey: String,
      removing: Boolean,
      withdrawn: Boolean,
      uses: { type: [String], default: undefined },
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
      publishedBy: String,
      note: String,
      restores: Number,
    },
    options,
  );
