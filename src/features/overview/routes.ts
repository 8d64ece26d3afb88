import type { Request, Response, Router } from 'express'
import type { FieldErrors } from '../../core/errors.js'
import { handle } from '../../../middleware/handle.js'
import type { OwnEntry, Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { MessageKey } from '../../../views/messages/keys.js'
import type { Passwords } from '../passwords/passwords.js'
import type { ListSessions } from '../sessions/view.js'

export const overviewEntry: OwnEntry = { path: '/', label: 'nav.security', also: ['/password'] }

/** Shows the Security page; with errors under the fields of a form that was refused. */
export type ShowOverview = (req: Request, res: Response, errors?: FieldErrors, status?: number) => Promise<void>

interface Parts {
  states: RequestStates
  pages: Pages
  passwords: Passwords
  /** The host's own passwords; null: it has none. */
  hostPasswords: { changePath: string | null } | null
  listSessions: ListSessions
}

export function overview({ states, pages, passwords, hostPasswords, listSessions }: Parts): ShowOverview {
  const rules = passwords.rules.rules.map((rule) => ({
    key: `rule.${rule}` as MessageKey,
    count: passwords.rules.countOf(rule),
    pattern: passwords.rules.patternOf(rule)?.source ?? null,
  }))
  return async (req, res, errors = {}, status = 200) => {
    const { userId, email, name, publicId } = liveRecord(states.of(req).decision)
    const [sessions, state] = await Promise.all([listSessions(userId, publicId), passwords.stateOf(userId)])
    const changedAt = state.changedAt === null ? null : new Date(state.changedAt).toISOString()
    const { managedHere } = state
    const managedBy = managedHere ? ('here' as const) : hostPasswords ? ('host' as const) : ('idp' as const)
    const changePath = managedBy === 'host' ? (hostPasswords?.changePath ?? null) : null
    const password = { managedHere, managedBy, changePath, changedAt, rules, errors }
    pages.send(req, res, 'security', { user: { id: userId, email, name }, password, sessions }, status)
  }
}

/** `GET /`: the Security page. */
export function overviewRoutes(router: Router, states: RequestStates, showOverview: ShowOverview): void {
  router.get(
    '/',
    requireSession(states),
    handle((req, res) => showOverview(req, res)),
  )
}
