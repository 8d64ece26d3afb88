/** A path with the way back in its query, and more of it before that. */
export function withReturnTo(path: string, returnTo: string | null, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ ...more, ...(returnTo !== null && { returnTo }) }).toString()
  return query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`
}

/**
 * A path of our own origin, or null. Text from outside only ever leads to where a browser standing on `origin`
 * would stay on `origin` (invariant 11): it is parsed as a browser parses it (WHATWG URL), never by pattern.
 */
export function localPath(value: unknown, origin: string): string | null {
  if (typeof value !== 'string' || !value.startsWith('/') || value.length > 2048) return null
  // A browser drops tabs and line breaks and reads "\" as "/" before it parses; so we refuse them outright.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(value)) return null
  const url = URL.canParse(value, origin) ? new URL(value, origin) : null
  if (!url || url.origin !== origin) return null
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') ? null : path
}
