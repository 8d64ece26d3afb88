import type { AuditEventRow } from '../../stores/sql/schema.js'
import type { ActivityModel, EventView } from '../../../views/models.js'
import { cursorText, type AuditLogReader, type Question } from '../audit-log/reader.js'
import { kindOf } from '../audit-log/kinds.js'
import { deviceOf, type Locate } from '../sessions/devices.js'
import { sentenceOf } from './sentences.js'

/** What happened to a user, as people read it; places in a language. */
export type ListActivity = (
  userId: string,
  question: Question,
  language: string,
) => Promise<Pick<ActivityModel, 'events' | 'nextCursor' | 'newerCursor'>>

export const activityLister =
  (reader: AuditLogReader, locate: Locate): ListActivity =>
  async (userId, question, language) => {
    const { rows, next, previous } = await reader.ofUser(userId, question)
    const events = rows.map((row) => viewOf(row, userId, locate(row.ip, language)))
    return { events, nextCursor: next && cursorText(next), newerCursor: previous && cursorText(previous) }
  }

function viewOf(row: AuditEventRow, userId: string, location: string | null): EventView {
  const own = row.actor_type === 'user' && row.actor_id === userId
  const details = JSON.parse(row.details) as Record<string, unknown>
  return {
    id: row.id,
    action: row.action,
    kind: kindOf(row.action),
    ...sentenceOf(row.action, details, own),
    // who an admin is, is the organization's affair
    actor: { type: row.actor_type as EventView['actor']['type'], id: own ? userId : null },
    target: targetOf(details, userId),
    outcome: row.outcome,
    occurredAt: new Date(row.occurred_at).toISOString(),
    ip: row.ip,
    device: deviceOf(row.user_agent),
    location,
  }
}

/** What it was done to, as far as the event names it. */
function targetOf({ sessionId, passkeyId, browserId }: Record<string, unknown>, userId: string): EventView['target'] {
  if (typeof sessionId === 'string') return { type: 'session', id: sessionId }
  if (typeof passkeyId === 'string') return { type: 'passkey', id: passkeyId }
  if (typeof browserId === 'string') return { type: 'trusted_browser', id: browserId }
  return { type: 'user', id: userId }
}
