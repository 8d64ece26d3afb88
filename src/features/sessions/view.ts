import type { SessionView } from '../../../views/models.js'
import { deviceOf, type Locate } from './devices.js'
import type { Sessions } from './sessions.js'

/** Lists a user's sessions as people see them, the current one first. */
export type ListSessions = (userId: string, currentId: string | null) => Promise<SessionView[]>

export const sessionLister =
  (sessions: Sessions, locate: Locate): ListSessions =>
  async (userId, currentId) => {
    const rows = await sessions.list(userId)
    const views = rows.map((row) => ({
      id: row.public_id,
      current: row.public_id === currentId,
      device: deviceOf(row.user_agent),
      ip: row.ip,
      location: locate(row.ip),
      createdAt: new Date(row.created_at).toISOString(),
      lastActiveAt: new Date(row.last_active_at).toISOString(),
    }))
    return views.toSorted((a, b) => Number(b.current) - Number(a.current))
  }
