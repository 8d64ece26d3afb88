import type { HostProcess } from '../support/process.js'
import { ask, signIn, type Session } from './client.js'
import type { Lane } from './rounds.js'

export type KillName = 'sign out' | 'revoke one' | 'revoke others' | 'password change'

/** What a kill came to: `done` is false when the host refused it, and so has promised nothing. */
export interface Killed {
  done: boolean
  /** The session from which it was done, as it is now; it must live on. */
  by?: { cookie: string; deadCookie?: string | undefined }
}

/** A kill in two halves: `arm` does what comes before, so that the second half is the kill alone. */
export interface Kill {
  name: KillName
  arm(b: HostProcess, lane: Lane, victim: Session): Promise<(hold?: string) => Promise<Killed>>
}

/** From another device of the same user, signed in for the purpose. */
const fromElsewhere =
  (path: (victim: Session) => string): Kill['arm'] =>
  async (b, lane, victim) => {
    const by = await signIn(b, lane.user)
    return async (hold = '') => {
      const { status } = await ask(b, path(victim), { cookie: by.cookie, hold, body: { csrfToken: by.csrfToken } })
      return { done: status === 200, by }
    }
  }

/** From another device too; that one goes on under a new id. */
const changePassword: Kill['arm'] = async (b, lane) => {
  const by = await signIn(b, lane.user)
  return async (hold = '') => {
    const body = lane.passwordForm(by.csrfToken)
    const { status, cookie } = await ask(b, '/security/password', { cookie: by.cookie, hold, body })
    if (status !== 200) return { done: false }
    lane.password = body.newPassword
    return { done: true, by: { cookie: cookie ?? '', deadCookie: by.cookie } }
  }
}

const signOut: Kill['arm'] = (b, _lane, victim) =>
  Promise.resolve(async (hold = '') => {
    const { cookie, csrfToken } = victim
    const { status } = await ask(b, '/security/sign-out', { cookie, hold, body: { csrfToken } })
    return { done: status === 200 }
  })

export const KILLS: readonly Kill[] = [
  { name: 'sign out', arm: signOut },
  { name: 'revoke one', arm: fromElsewhere((victim) => `/security/sessions/${victim.publicId}/revoke`) },
  { name: 'revoke others', arm: fromElsewhere(() => '/security/sessions/revoke-others') },
  { name: 'password change', arm: changePassword },
]
