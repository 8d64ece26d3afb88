import type { Request, Router } from 'express'
import type { Clock } from '../../core/clock.js'
import { handle } from '../../../middleware/handle.js'
import type { OwnEntry, Pages } from '../../../middleware/pages.js'
import type { RequestStates } from '../../../middleware/request-state.js'
import { liveRecord, requireSession } from '../../../middleware/require-session.js'
import type { ActivityModel } from '../../../views/models.js'
import { cursorOf } from '../audit-log/reader.js'
import type { ListActivity } from './view.js'

export const activityEntry: OwnEntry = { path: '/activity', label: 'nav.activity' }

const PAGE = 25
const HOUR_MS = 3_600_000
const KINDS: readonly ActivityModel['kind'][] = ['all', 'sign-ins', 'password', 'factors', 'sessions']
const PERIODS: Record<ActivityModel['within'], number | null> = {
  all: null,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
}

interface Parts {
  router: Router
  states: RequestStates
  pages: Pages
  listActivity: ListActivity
  clock: Clock
}

/** `GET /activity`: what happened to the account, newest first. What the address asks for and is not there is left out. */
export function activityRoutes({ router, states, pages, listActivity, clock }: Parts): void {
  router.get(
    '/activity',
    requireSession(states),
    handle(async (req, res) => {
      const { userId } = liveRecord(states.of(req).decision)
      const filter = filterOf(req)
      const period = PERIODS[filter.within]
      const after = cursorOf(req.query.cursor)
      const question = {
        kind: filter.kind === 'all' ? null : filter.kind,
        since: period === null ? null : clock.now() - period,
        after,
        above: after ? null : cursorOf(req.query.newer),
        limit: PAGE,
      }
      const list = await listActivity(userId, question, pages.languageOfAnswer(req))
      pages.send(req, res, 'activity', { ...list, ...filter, first: after === null && list.newerCursor === null })
    }),
  )
}

function filterOf({ query: { kind, within } }: Request): Pick<ActivityModel, 'kind' | 'within'> {
  return {
    kind: KINDS.find((each) => each === kind) ?? 'all',
    within: typeof within === 'string' && Object.hasOwn(PERIODS, within) ? (within as ActivityModel['within']) : 'all',
  }
}
