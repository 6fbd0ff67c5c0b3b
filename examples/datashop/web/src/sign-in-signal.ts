const channelName = 'datashop.session';

/** Tells the other tabs that somebody has signed in. All tabs have one session. */
export function announceSignIn(): void {
  const channel = new BroadcastChannel(channelName);
  channel.postMessage('signed-in');
  channel.close();
}

/**
 * Calls `check` when there may be a session again: another tab has signed in, or the user comes back to this one.
 *
 * @returns the function that ends it
 */
export function watchSignIn(check: () => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = check;
  const onVisible = () => document.visibilityState === 'visible' && check();
  window.addEventListener('focus', check);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    channel.close();
    window.removeEventListener('focus', check);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
