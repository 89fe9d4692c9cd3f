import type { ComponentPropsWithoutRef, ReactNode, Ref } from 'react';
import { useHerald } from './herald-context.ts';

type HeraldRootProps = ComponentPropsWithoutRef<'div'> & { readonly elementRef?: Ref<HTMLDivElement> };

/** The element that carries language, direction, theme and the page's own class. */
export function HeraldRoot({ className, elementRef, ...rest }: HeraldRootProps): ReactNode {
  const { translator, dir, theme } = useHerald();
  return (
    <div
      {...rest}
      ref={elementRef}
      className={className === undefined ? 'herald' : `herald ${className}`}
      lang={translator.locale}
      dir={dir}
      data-herald-theme={theme === 'auto' ? undefined : theme}
    />
  );
}
