import type { SessionView } from '../../../views/models.js'
import { browserOf, currentFirst, type Locate } from './devices.js'
import type { Sessions } from './sessions.js'

/** Lists a user's sessions as people see them, the current one first; places in a language. */
export type ListSessions = (userId: string, currentId: string | null, language: string) => Promise<SessionView[]>

export const sessionLister =
  (sessions: Sessions, locate: Locate): ListSessions =>
  async (userId, currentId, language) => {
    const rows = await sessions.list(userId)
    const views = rows.map((row) =>
      Object.assign(browserOf(row, locate, language), {
        id: row.public_id,
        current: row.public_id === currentId,
        lastActiveAt: new Date(row.last_active_at).toISOString(),
      }),
    )
    return currentFirst(views)
  }
