import { useEffect } from 'react';
import icon from '../../icon.svg';
import errorIcon from '../../icon-errors.svg';
import { useViewer } from './state/context.tsx';

/**
 * Shows in the tab's title and icon how many errors that pass the filters have arrived since the user last saw the
 * newest line: while the tab was in the background, or the list was paused.
 */
export function useErrorSignal(): void {
  const { live, viewState } = useViewer();
  useEffect(() => {
    const title = document.title;
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    let { pass, passed } = live.get().view;
    let unseen = 0;
    const update = () => {
      const { view } = live.get();
      const isSeen = document.visibilityState === 'visible' && viewState.get().follow.following;
      // After another filter, `passed` counts from the beginning, so the difference means nothing.
      if (view.pass === pass) unseen += view.passed.errors - passed.errors;
      if (isSeen) unseen = 0;
      ({ pass, passed } = view);
      const text = unseen <= 0 ? title : `(${unseen} ${unseen === 1 ? 'error' : 'errors'}) ${title}`;
      if (document.title !== text) document.title = text;
      const href = unseen <= 0 ? icon : errorIcon;
      if (link && link.getAttribute('href') !== href) link.setAttribute('href', href);
    };
    const releases = [live.subscribe(update), viewState.subscribe(update)];
    document.addEventListener('visibilitychange', update);
    return () => {
      for (const release of releases) release();
      document.removeEventListener('visibilitychange', update);
      document.title = title;
      link?.setAttribute('href', icon);
    };
  }, [live, viewState]);
}
