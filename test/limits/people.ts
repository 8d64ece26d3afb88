import type { HostUser } from 'sallyport'

/** What everybody of the limits tests has as a password, who has one. */
export const PASSWORD = 'Cobalt-Brick-9-Turnstile!'

/** The users table of these tests: `dora` is disabled by the host, `tove` has no password, `ivan` is disabled by us. */
export function personOf(id: string): (HostUser & { id: string }) | null {
  if (!/^(ada|grace|dora|tove|ivan|guest\d+)$/.test(id)) return null
  return { id, email: `${id}@limits.test`, name: 'Vera Quill', disabled: id === 'dora' }
}
