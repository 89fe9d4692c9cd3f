/** Somebody whom a template is put into words for. */
import type { UsersService } from '../contract.ts';
import { writtenUserVariables } from './user-variables.ts';

/** The language that they read, and `user` of templates. */
export interface Person {
  readonly locale?: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** @returns finds a person by id; undefined where there is none. */
export const personFinder =
  (users: Pick<UsersService, 'recipients'>) =>
  async (workspace: string, user: string): Promise<Person | undefined> => {
    const found = (await users.recipients(workspace, [user])).get(user);
    if (!found) return undefined;
    const { locale } = found;
    return { ...(locale !== undefined && { locale }), variables: writtenUserVariables(found) };
  };
