import type { Request, Response, Router } from 'express'
import type { Clock } from '../../core/clock.js'
import type { FieldErrors } from '../../core/errors.js'
import { handle } from '../../../middleware/handle.js'
import type { OwnEntry, Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { PasswordModel } from '../../../views/models.js'
import type { Passwords } from '../passwords/passwords.js'
import { ruleViews } from '../passwords/view.js'
import type { ListPasskeys } from '../passkeys/view.js'
import type { ListSessions } from '../sessions/view.js'
import type { ListTrustedBrowsers } from '../trusted-browsers/view.js'
import type { TwoFactorCard } from '../two-factor/view.js'

export const overviewEntry: OwnEntry = {
  path: '/',
  label: 'nav.security',
  also: ['/password', '/totp', '/step-up', '/secure-account', '/recovery-codes'],
}

/** What was refused in the form of one of the cards. */
export interface RefusedForm {
  password?: FieldErrors
  twoFactor?: { errors: FieldErrors; clockOffBy: number }
}

/** Shows the Security page; with errors under the fields of a form that was refused. */
export type ShowOverview = (req: Request, res: Response, refused?: RefusedForm, status?: number) => Promise<void>

interface Parts {
  states: RequestStates
  pages: Pages
  passwords: Passwords
  /** The host's own passwords; null: it has none. */
  hostPasswords: { changePath: string | null } | null
  listSessions: ListSessions
  twoFactorCard: TwoFactorCard
  listPasskeys: ListPasskeys
  listTrustedBrowsers: ListTrustedBrowsers
  trustTokenFor: (req: Request, userId: string) => string | null
  /** A password older than this is due to be changed; null: none ever is. */
  rotationMs: number | null
  clock: Clock
}

export function overview(parts: Parts): ShowOverview {
  const { states, pages, listSessions, twoFactorCard, listPasskeys, listTrustedBrowsers, trustTokenFor } = parts
  const passwordCard = passwordCards(parts)
  return async (req, res, refused = {}, status = 200) => {
    const { userId, email, name, publicId } = liveRecord(states.of(req).decision)
    const language = pages.languageOfAnswer(req)
    const [password, twoFactor, passkeys, sessions, trustedBrowsers] = await Promise.all([
      passwordCard(userId, refused.password ?? {}),
      twoFactorCard(userId, refused.twoFactor),
      listPasskeys(userId),
      listSessions(userId, publicId, language),
      listTrustedBrowsers(userId, trustTokenFor(req, userId), language),
    ])
    const user = { id: userId, email, name }
    pages.send(req, res, 'security', { user, password, twoFactor, passkeys, sessions, trustedBrowsers }, status)
  }
}

const DAY_MS = 86_400_000

function passwordCards({ passwords, hostPasswords, rotationMs, clock }: Parts) {
  const rules = ruleViews(passwords.rules)
  return async (userId: string, errors: FieldErrors): Promise<PasswordModel> => {
    const state = await passwords.stateOf(userId)
    const changedAt = state.changedAt === null ? null : new Date(state.changedAt).toISOString()
    const { managedHere } = state
    const age = managedHere && state.changedAt !== null ? clock.now() - state.changedAt : 0
    const dueDays = rotationMs !== null && age >= rotationMs ? Math.floor(age / DAY_MS) : null
    const managedBy = managedHere ? 'here' : hostPasswords ? 'host' : 'idp'
    const changePath = managedBy === 'host' ? (hostPasswords?.changePath ?? null) : null
    return { managedHere, managedBy, changePath, changedAt, dueDays, rules, errors }
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
