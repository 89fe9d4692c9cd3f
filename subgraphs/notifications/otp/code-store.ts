/** Codes that may still be sent, encrypted. What is not here any more is not sent. */
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { isDuplicateKeyError } from '../../../platform/errors/data-service-errors.ts';
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { NotificationModels } from '../store/models.ts';

export interface KeptCode {
  readonly code: string;
  readonly expiresAt: Date;
}

export class CodeStore {
  readonly #models: Pick<NotificationModels, 'raw'>;

  constructor(models: Pick<NotificationModels, 'raw'>) {
    this.#models = models;
  }

  /** The code of this id, until it is used, replaced or expires. @throws Error when no key opens it. */
  async codeOf(id: string, box: SecretBox): Promise<string | undefined> {
    const found = await this.#models.raw.sealedCodes.findOne({ _id: id });
    return found && found.expiresAt > sharedDate() ? box.open(found.sealed, placeOf(id)) : undefined;
  }

  /** Keeps a code; of several who do it under one id, all get that of the first. */
  async keep(id: string, fresh: KeptCode, box: SecretBox): Promise<KeptCode> {
    const { sealedCodes } = this.#models.raw;
    for (;;) {
      try {
        const { code, expiresAt } = fresh;
        await sealedCodes.insertOne({ _id: id, sealed: box.seal(code, placeOf(id)), expiresAt });
        return fresh;
      } catch (error) {
        if (!isDuplicateKeyError(error)) throw error;
      }
      const found = await sealedCodes.findOne({ _id: id });
      if (found && found.expiresAt > sharedDate())
        return { code: box.open(found.sealed, placeOf(id)), expiresAt: found.expiresAt };
      // MongoDB takes its time to remove what has expired.
      if (found) await sealedCodes.deleteOne({ _id: id, expiresAt: found.expiresAt });
    }
  }

  /** It has ended: nothing sends it any more. */
  async remove(id: string): Promise<void> {
    await this.#models.raw.sealedCodes.deleteOne({ _id: id });
  }
}

/** What it is encrypted for. */
const placeOf = (id: string): string => `one-time password ${id}`;
