import type { HostProcess } from '../support/process.js'
import { ask, type Answer, type Session } from './client.js'
import type { Point } from './barriers.js'
import type { KillName } from './kills.js'
import type { Lane } from './rounds.js'

/** A request that is under way on process A while the session is killed on process B. */
export interface Flight {
  name: string
  /** The points at which it is held, in the order in which it meets them; the kill returns while it stands at the last one. */
  holds: readonly Point[]
  start(a: HostProcess, lane: Lane, victim: Session, hold: string): Promise<Answer>
  /** It is let go as the kill begins, not once that has returned: either may be first. */
  concurrent?: true
  /** What the answer's own session cookie may open after these kills; absent: nothing, ever. */
  mayOpenAfter?: readonly KillName[]
  /** It must come to nothing, and bring no session cookie at all (step 7): what has ended changes nothing any more. */
  isRefused?: true
  /** What has to be so before it starts. */
  prepare?: 'a minute later' | 'no hot copy'
  /** The user has a new password once it stands at its last barrier. */
  newPassword?: true
}

const post =
  (path: string): Flight['start'] =>
  (a, lane, victim, hold) =>
    ask(a, path, { cookie: victim.cookie, hold, body: { note: lane.note, csrfToken: victim.csrfToken } })

const stepUp: Flight['start'] = (a, lane, victim, hold) => {
  const { cookie, csrfToken } = victim
  return ask(a, '/security/step-up', { cookie, hold, body: { password: lane.password, csrfToken } })
}

const changeOwnPassword: Flight['start'] = (a, lane, victim, hold) =>
  ask(a, '/security/password', { cookie: victim.cookie, hold, body: lane.passwordForm(victim.csrfToken) })

/** Signs in through the real form: in a browser of its own, or in the one that holds the victim's session. */
const signInWithPassword =
  (sameBrowser: boolean): Flight['start'] =>
  async (a, lane, victim, hold) => {
    const { email, password } = lane
    const form = { cookie: victim.cookie, csrfToken: victim.csrfToken as unknown }
    if (!sameBrowser) {
      const { body, cookies } = await ask(a, '/security/sign-in')
      Object.assign(form, { cookie: cookies.join('; '), csrfToken: body.csrfToken })
    }
    const body = { email, password, csrfToken: form.csrfToken }
    return ask(a, '/security/sign-in', { cookie: form.cookie, hold, body })
  }

/** Kills that end one session and no more; the others also raise the epoch, and refuse every sign-in under way (step 5). */
const single: readonly KillName[] = ['sign out', 'revoke one']

/** What any host has. */
export const HOST_FLIGHTS: readonly Flight[] = [
  { name: 'late save', holds: ['handler'], start: post('/race/late-save') },
  { name: 'touch', holds: ['handler'], start: post('/race/touch') },
  { name: 'regenerate', holds: ['handler'], start: post('/race/regenerate') },
]

/** What only Sallyport has. */
export const FLIGHTS: readonly Flight[] = [
  HOST_FLIGHTS[0]!,
  { ...HOST_FLIGHTS[1]!, holds: ['last active'], prepare: 'a minute later' },
  HOST_FLIGHTS[2]!,
  { name: 'rotation, not committed', holds: ['rotation begins'], start: stepUp, isRefused: true },
  { name: 'rotation, no cookie yet', holds: ['rotation begins', 'rotation committed'], start: stepUp },
  { name: 'rotation, concurrent', holds: ['rotation begins'], start: stepUp, concurrent: true },
  {
    name: 'own change, not committed',
    holds: ['change begins'],
    start: changeOwnPassword,
    isRefused: true,
  },
  {
    name: 'own change, no cookie yet',
    holds: ['change begins', 'change committed'],
    start: changeOwnPassword,
    newPassword: true,
  },
  {
    name: 'sign-in, verified',
    holds: ['sign-in verified'],
    start: signInWithPassword(false),
    mayOpenAfter: single,
  },
  {
    name: 'sign-in, same browser',
    holds: ['sign-in verified'],
    start: signInWithPassword(true),
    mayOpenAfter: single,
  },
  {
    name: 'sign-in, no cookie yet',
    holds: ['sign-in registered'],
    start: signInWithPassword(false),
    mayOpenAfter: single,
  },
  { name: 'check, copy not filled', holds: ['row read'], start: post('/race/touch'), prepare: 'no hot copy' },
]
