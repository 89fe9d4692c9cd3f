import { useEffect, useRef } from 'react';

/** The value of the last rendering that was committed, for what runs later. */
export function useLatest<Value>(value: Value): { readonly current: Value } {
  const ref = useRef(value);
  useEffect(() => {
    ref.current = value;
  });
  return ref;
}
