import { SecurityError } from '../../core/errors.js'
import type { OneTimeSecrets, SuspendedPost } from '../one-time-secrets/one-time-secrets.js'
import type { SessionRecord } from '../sessions/session.js'

/** A form waits this long for its sender to step up, milliseconds. */
const WAITS_MS = 600_000
/** So many forms of one user wait at the same time; each may hold 64 KB. */
const MOST = 20

/** Forms that wait until who sent them has stepped up. Enveloped in SQL, good for one use, for their own session only. */
export class SuspendedPosts {
  readonly #secrets: OneTimeSecrets

  constructor(secrets: OneTimeSecrets) {
    this.#secrets = secrets
  }

  /** Keeps a form; its token, or null where too many of this user's wait already. */
  async keep(session: SessionRecord, post: Omit<SuspendedPost, 'sessionId'>): Promise<string | null> {
    const { userId, publicId: sessionId } = session
    const content = { sessionId, ...post }
    return this.#secrets.createOneOf(MOST, 'suspended_post', { userId, content, ttlMs: WAITS_MS })
  }

  /** A form of this session that still waits; null: there is none under this token. */
  async find({ publicId }: SessionRecord, token: string): Promise<SuspendedPost | null> {
    const content = token === '' ? null : (await this.#secrets.find('suspended_post', token))?.content
    return content?.sessionId === publicId ? content : null
  }

  /** Takes the form that was found, once: throws `already_done` when somebody else was first, or it is overdue. */
  async use(token: string): Promise<void> {
    if (!(await this.#secrets.use('suspended_post', token))) throw new SecurityError('already_done')
  }
}
