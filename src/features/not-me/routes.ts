import type { NextFunction, Request, Response, Router } from 'express'
import { SecurityError } from '../../core/errors.js'
import type { UserDirectory } from '../../core/users.js'
import type { NotMeModel } from '../../../views/models.js'
import { originOf, type ClientAddress } from '../../../middleware/client-address.js'
import type { Csrf } from '../../../middleware/csrf.js'
import { handle } from '../../../middleware/handle.js'
import type { LinkCookie } from '../../../middleware/link-cookie.js'
import { assertOwnForm, linkMark } from '../../../middleware/link-form.js'
import { wantsHtml } from '../../../middleware/negotiate.js'
import type { Pages } from '../../../middleware/pages.js'
import { wasSentTo, type Disowned, type NotMeLinks } from '../notices/not-me.js'
import type { Mailed, PasswordReset } from '../password-reset/password-reset.js'
import { moveToken } from '../password-reset/routes.js'

interface Parts {
  router: Router
  pages: Pages
  csrf: Csrf
  users: UserDirectory
  passwordReset: PasswordReset
  notMeLinks: NotMeLinks
  notMeCookie: LinkCookie
  addressOf: ClientAddress
}

/** `GET,POST /not-me`: the answer to a notice. Opening the link does nothing; the button of its page does it all. */
export function notMeRoutes(parts: Parts): void {
  const { router, pages, csrf, users, passwordReset, notMeLinks, notMeCookie, addressOf } = parts

  async function disownedBy(req: Request): Promise<Disowned & { link: string; email: string }> {
    const token = notMeCookie.tokenOf(req)
    const disowned = token === null ? null : notMeLinks.verify(token)
    if (!token || !disowned || (await passwordReset.isOver(disowned))) throw new SecurityError('link_dead')
    const user = await users.findById(disowned.userId)
    if (!user || !wasSentTo(disowned, user.email)) throw new SecurityError('link_dead')
    return { ...disowned, link: linkMark(token), email: user.email }
  }

  async function show(req: Request, res: Response): Promise<void> {
    const { userId, link, email } = await disownedBy(req)
    const { done } = req.query
    const mailed = done === undefined ? KINDS[(await passwordReset.wouldMail(userId)) ?? 'nothing'] : mailedBy(done)
    pages.send(req, res, 'not-me', { email, link, done: done !== undefined, mailed })
  }

  router.get(
    '/not-me',
    handle(async (req, res) => {
      if (req.query.token !== undefined) moveToken(req, res, pages, notMeCookie, '/not-me')
      else await show(req, res)
    }),
  )

  router.post(
    '/not-me',
    csrf.protect({ visitors: true }),
    handle(async (req, res) => {
      const disowned = await disownedBy(req)
      assertOwnForm(req, disowned.link)
      const mailed = KINDS[(await passwordReset.notMe(disowned, originOf(req, addressOf))) ?? 'nothing']
      pages.done(req, res, `${pages.base}/not-me?done=${mailed ?? 'none'}`, { mailed })
    }),
  )

  router.use('/not-me', (error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (!(error instanceof SecurityError) || error.code !== 'link_dead' || !wantsHtml(req)) return next(error)
    pages.send(req, res, 'link-dead', { notice: true, canReset: passwordReset.offered }, error.status)
  })
}

const KINDS: Record<Mailed | 'nothing', NotMeModel['mailed']> = {
  reset_link: 'link',
  invitation_link: 'link',
  sso_instead_of_reset: 'sso',
  nothing: null,
}

const mailedBy = (done: unknown): NotMeModel['mailed'] => (done === 'link' || done === 'sso' ? done : null)
