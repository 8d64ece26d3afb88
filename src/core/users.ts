import { ConfigurationError } from './errors.js'

/** A user of the host's own table, as `users.findById` and `users.findByEmail` return it. */
export interface HostUser {
  /** May have another name where `users.id` says which. */
  id?: string | number
  email: string
  name: string
  /** A disabled user cannot sign in; to end sessions that exist, call `security.users.disable(userId)`. */
  disabled?: boolean | undefined
}

/** The questions Sallyport asks the host's users table. */
export interface HostUsers<U extends HostUser = HostUser> {
  findById(id: string): Promise<U | null | undefined> | U | null | undefined
  findByEmail(email: string): Promise<U | null | undefined> | U | null | undefined
  /**
   * The id of a user, of those above and of those that Passport puts into `req.user`.
   * @default (user) => user.id
   */
  id?(user: never): string | number
  /**
   * True when the password is right; asked to prove once more who somebody is (step-up) whose password is in your
   * table and not in ours.
   */
  verifyPassword?(user: U, password: string): Promise<boolean> | boolean
  /** The language of a user's mails, such as `'de'`. @default what the browser asked for that the mail is about */
  language?(user: U): string | undefined
  /**
   * The hash that your old table has for a user, or null: bcrypt, argon2, scrypt or PBKDF2, as Django, Laravel, passlib
   * and others write them (docs/sign-in.md). When its user types the password, that gets a hash of ours, and this is
   * never asked again.
   */
  legacyPassword?(userId: string): Promise<string | null | undefined> | string | null | undefined
}

/** A user as the rest of the code knows them: the id is a text. */
export interface User<U = unknown> {
  id: string
  email: string
  name: string
  disabled: boolean
  /** What the host's table returned. */
  row: U
}

/** The host's users table, asked through one place. */
export class UserDirectory<U extends HostUser = HostUser> {
  readonly #users: HostUsers<U>

  constructor(users: HostUsers<U>) {
    this.#users = users
  }

  /** A user's id as text, as it is kept in our tables. Throws ConfigurationError for what has none. */
  idOf(user: unknown): string {
    const id: unknown = this.#users.id ? this.#users.id(user as never) : (user as { id?: unknown } | null)?.id
    if ((typeof id === 'string' && id !== '') || typeof id === 'number' || typeof id === 'bigint') return String(id)
    throw new ConfigurationError(
      `a user has no id (${JSON.stringify(id)}); users must be { id, email, name }, or write users.id: (user) => user.uid`,
    )
  }

  user(row: U): User<U> {
    return { id: this.idOf(row), email: row.email, name: row.name, disabled: row.disabled === true, row }
  }

  async findById(id: string): Promise<User<U> | null> {
    const row = await this.#users.findById(id)
    return row ? this.user(row) : null
  }

  async findByEmail(email: string): Promise<User<U> | null> {
    const row = await this.#users.findByEmail(email)
    return row ? this.user(row) : null
  }

  /** True when the host keeps passwords that it can verify. */
  get verifiesPasswords(): boolean {
    return this.#users.verifyPassword !== undefined
  }

  /** The language that the host says a user reads. */
  languageOf(user: User): string | undefined {
    return this.#users.language?.(user.row as U)
  }

  /** True when there may be old hashes. */
  get hasLegacyPasswords(): boolean {
    return this.#users.legacyPassword !== undefined
  }

  async legacyPassword(userId: string): Promise<string | null> {
    const hash: unknown = await this.#users.legacyPassword?.(userId)
    return typeof hash === 'string' && hash !== '' ? hash : null
  }

  async verifyPassword(user: User<U>, password: string): Promise<boolean> {
    return (await this.#users.verifyPassword?.(user.row, password)) === true
  }
}

/** How a session was proven: method and time (RFC 8176 names, and `rc`, `fed` of our own). */
export interface AuthenticationMethod {
  method: 'pwd' | 'otp' | 'hwk' | 'rc' | 'fed'
  /** Milliseconds since the epoch. */
  at: number
}
