import type { Request } from 'express'
import { z } from 'zod'
import { sha256 } from '../src/core/crypto.js'
import { SecurityError } from '../src/core/errors.js'
import { parseForm, text } from './form.js'

const linkForm = z.object({ link: text(64).optional() })

/** What the form of a link's page carries: for which link it was shown. It opens nothing. */
export const linkMark = (token: string): string => sha256(`the form of ${token}`).slice(0, 22)

/**
 * Throws `link_dead` when a form was shown for another link than the browser holds now: somebody may have made it open
 * theirs meanwhile. A script that names none means the link that it has opened.
 */
export function assertOwnForm(req: Request, mark: string): void {
  const { link } = parseForm(linkForm, req)
  if (link !== undefined && link !== mark) throw new SecurityError('link_dead')
}
