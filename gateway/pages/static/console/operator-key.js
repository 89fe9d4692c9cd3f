/** The operator's key, kept for this tab alone. */

const NAME = 'herald.operator-key';

export const operatorKey = {
  /** @returns {string | null} */
  get: () => sessionStorage.getItem(NAME),
  /** @param {string} key */
  set: (key) => sessionStorage.setItem(NAME, key),
  forget: () => sessionStorage.removeItem(NAME),
};
