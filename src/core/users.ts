import { ConfigurationError } from './errors.js'

/** A user of the host's own table, as `users.findById` and `users.findByEmail` return it. */
export interface HostUser {
  id: string | number
  email: string
  name: string
  /** A disabled user cannot sign in; to end sessions that exist, call `security.users.disable(userId)`. */
  disabled?: boolean | undefined
}

/** A user's id as text, as it is kept in our tables. */
export function userIdOf(user: Pick<HostUser, 'id'>): string {
  const id: unknown = user.id
  if ((typeof id === 'string' && id !== '') || typeof id === 'number') return String(id)
  throw new ConfigurationError(`a user has no id (${JSON.stringify(id)}); users must be { id, email, name }`)
}

/** The two questions Sallyport asks the host's users table. */
export interface HostUsers<U extends HostUser = HostUser> {
  findById(id: string): Promise<U | null | undefined> | U | null | undefined
  findByEmail(email: string): Promise<U | null | undefined> | U | null | undefined
}

/** How a session was proven: method and time (RFC 8176 names, and `rc`, `fed` of our own). */
export interface AuthenticationMethod {
  method: 'pwd' | 'otp' | 'hwk' | 'rc' | 'fed'
  /** Milliseconds since the epoch. */
  at: number
}
