import { sha256 } from '../../core/crypto.js'
import type { TrustedBrowserView } from '../../../views/models.js'
import { browserOf, currentFirst, type Locate } from '../sessions/devices.js'
import type { TrustedBrowsers } from './trusted-browsers.js'

/** A user's trusted browsers as people see them, the one in front of them first; null where the host trusts none. */
export type ListTrustedBrowsers = (
  userId: string,
  token: string | null,
  language: string,
) => Promise<TrustedBrowserView[] | null>

export const trustedBrowserLister =
  (trusted: TrustedBrowsers, locate: Locate): ListTrustedBrowsers =>
  async (userId, token, language) => {
    if (trusted.trustMs === null) return null
    const own = sha256(token ?? '')
    const views = (await trusted.list(userId)).map((row) =>
      Object.assign(browserOf(row, locate, language), {
        id: row.id,
        current: row.token_hash === own,
        expiresAt: new Date(row.expires_at).toISOString(),
      }),
    )
    return currentFirst(views)
  }
